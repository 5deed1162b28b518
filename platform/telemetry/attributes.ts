/**
 * Attribute names. From OpenTelemetry's semantic conventions 1.37 (https://opentelemetry.io/docs/specs/semconv/): `http.*` and
 * `db.*` are stable; `messaging.*` are in development (docs/messaging/messaging-spans.md, docs/messaging/kafka.md). Ours start
 * with `millrace.`.
 */
export const attribute = {
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatusCode: 'http.response.status_code',
  urlPath: 'url.path',
  errorType: 'error.type',

  messagingSystem: 'messaging.system',
  messagingOperationName: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingDestination: 'messaging.destination.name',
  messagingPartition: 'messaging.destination.partition.id',
  messagingConsumerGroup: 'messaging.consumer.group.name',
  messagingBatchCount: 'messaging.batch.message_count',
  kafkaOffset: 'messaging.kafka.offset',

  dbSystem: 'db.system.name',
  dbNamespace: 'db.namespace',
  dbCollection: 'db.collection.name',
  dbOperation: 'db.operation.name',
  dbBatchSize: 'db.operation.batch.size',

  /** CloudEvents id of the event; the key that `millrace trace --id` looks for. */
  eventId: 'millrace.event.id',
  eventType: 'millrace.event.type',
  pipeline: 'millrace.pipeline',
  flow: 'millrace.flow',
  job: 'millrace.job',
  /** What the control plane did: `deploy`, `destroy`. Only on spans of operations. */
  operation: 'millrace.operation',
} as const;
