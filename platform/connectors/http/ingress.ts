/**
 * The HTTP ingress of a pipeline: takes CloudEvents with POST /events, checks them against the topic's schema, and answers
 * 202 once the broker has acknowledged them. What it can't take it refuses with the path of the fault; what it can't take
 * now it refuses with Retry-After. Nothing is buffered beyond fixed bounds.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Checker, compileChecker } from '../../model/check.ts';
import { physical } from '../../model/names.ts';
import { createTokenBucket } from '../../model/tokenBucket.ts';
import type { SpanRecorder } from '../../telemetry/recorder.ts';
import { epochMs } from '../../telemetry/span.ts';
import type { IngressMeter } from '../../telemetry/stageMeter.ts';
import type { NodeTaskConfig } from '../config.ts';
import { type Admission, createAdmission, inFlightLimits } from './admission.ts';
import { type Answering, asFault, createAnswering } from './answering.ts';
import { type ContentMode, contentModeOf, type IncomingEvent, parseEvents } from './cloudEvents.ts';
import { createEventProducer, type EventProducer } from './eventProducer.ts';
import { IngressFault, type IngressFaultCode, invalid } from './fault.ts';
import { meteringOf } from './metering.ts';
import { type EncodedRecord, encodeRecord } from './record.ts';
import { checkAnnouncedSize, readBody } from './requestBody.ts';
import { beginTrace, type RequestTracing } from './requestTrace.ts';

/** Not by `import`: see ../health.ts. */
const { createServer } = process.getBuiltinModule('node:http');

export interface IngressOptions {
  readonly recorder: SpanRecorder;
  readonly meter: IngressMeter;
  readonly log: (message: string) => void;
  /** Traces begun per second for events that carry no context of their own. */
  readonly tracesPerSecond?: number;
  /** See EventProducerOptions. */
  readonly sabotage?: <T extends object>(records: readonly T[]) => readonly T[];
  /** Handed in by tests of the HTTP side alone. */
  readonly producer?: EventProducer;
}

export interface IngressCounters {
  requests: number;
  acceptedEvents: number;
  /** Requests that were answered with an error, by its code. */
  readonly refused: Partial<Record<IngressFaultCode, number>>;
}

export interface Ingress {
  /** Listens and begins to connect to Kafka; requests are answered 503 until it is connected. Resolves to the port. */
  start(): Promise<number>;
  /** Stops accepting, lets requests in flight end, disconnects. */
  stop(): Promise<void>;
  /** What it waits for; undefined when it takes events. */
  waitingFor(): string | undefined;
  metrics(): Readonly<Record<string, unknown>>;
}

const eventsPath = '/events';
const maxBatchBytes = 8 * 1024 * 1024;
/** Longer than the producer waits for the broker; a client that dawdles beyond is cut off. */
const stopWithinMs = 12_000;

/** `config.role` must be an ingress with a topic, and Kafka be given; throws Error otherwise. Nothing is opened yet. */
export function createIngress(config: NodeTaskConfig, options: IngressOptions): Ingress {
  return new HttpIngress(config, options);
}

class HttpIngress implements Ingress {
  readonly #config: NodeTaskConfig;
  readonly #options: IngressOptions;
  readonly #server: Server;
  readonly #answering: Answering;
  readonly #check: Checker;
  readonly #keyField: string;
  readonly #maxEventBytes: number;
  readonly #producer: EventProducer;
  readonly #admission: Admission;
  readonly #tracing: RequestTracing;
  readonly #counters: IngressCounters = { requests: 0, acceptedEvents: 0, refused: {} };

  constructor(config: NodeTaskConfig, options: IngressOptions) {
    const { topicName, topic, runs } = ingressOf(config);
    this.#config = config;
    this.#options = options;
    this.#check = compileChecker(topic.schema);
    this.#keyField = topic.key;
    const physicalTopic = physical.topic(config.pipeline, topicName);
    this.#maxEventBytes = runs.maxEventBytes;
    this.#admission = createAdmission({ maxEventsPerSecond: runs.maxEventsPerSecond, ...inFlightLimits });
    const tracesPerSecond = options.tracesPerSecond ?? runs.tracesPerSecond;
    this.#tracing = {
      recorder: options.recorder,
      limiter: createTokenBucket(tracesPerSecond, tracesPerSecond),
      pipeline: config.pipeline,
      topic: physicalTopic,
      route: eventsPath,
    };
    this.#producer = options.producer ?? producerOf(config, physicalTopic, options);
    this.#server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 60_000 });
    this.#answering = createAnswering(this.#server);
    this.#server.on('request', (request, response) => void this.#answer(request, response));
    // A client that asks first (Expect: 100-continue) hears of a body that is too large before it sends it.
    this.#server.on('checkContinue', (request, response) => void this.#answer(request, response));
  }

  async start(): Promise<number> {
    this.#producer.start();
    const { address, service } = this.#config.listen;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: address, port: service ?? 0, reusePort: service !== undefined }, () => resolve());
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), stopWithinMs);
    await closed;
    clearTimeout(timer);
    await this.#producer.stop();
  }

  waitingFor(): string | undefined {
    return this.#producer.waitingFor();
  }

  metrics(): Readonly<Record<string, unknown>> {
    const { inFlightEvents, bodies } = this.#admission;
    return {
      ...this.#counters,
      inFlightEvents,
      inFlightBytes: bodies.usedBytes,
      kafka: { ...this.#producer.counters },
      spans: { ...this.#options.recorder.counters },
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#counters.requests += 1;
    try {
      const ids = await this.#accept(request, response);
      this.#answering.accept(response, ids);
    } catch (thrown) {
      // The client went away: there is nobody to answer.
      if (thrown === undefined) return;
      const fault = asFault(thrown, this.#options.log);
      this.#counters.refused[fault.code] = (this.#counters.refused[fault.code] ?? 0) + 1;
      this.#answering.refuse(request, response, fault);
    }
  }

  async #accept(request: IncomingMessage, response: ServerResponse): Promise<string[]> {
    const startMs = epochMs();
    const mode = this.#checkHead(request);
    const [what, maxBytes] = mode === 'batch' ? ['The batch', maxBatchBytes] : ['The event', this.#maxEventBytes];
    checkAnnouncedSize(request, maxBytes, what);
    if (request.headers.expect !== undefined) response.writeContinue();
    const { bodies } = this.#admission;
    const body = await readBody(request, maxBytes, bodies, what);
    try {
      const events = parseEvents(mode, request.headers, body, Date.now());
      this.#checkData(mode, events);
      return await this.#store(startMs, mode, events);
    } finally {
      bodies.usedBytes -= body.length;
    }
  }

  #checkHead(request: IncomingMessage): ContentMode {
    const path = request.url?.split('?', 1)[0] ?? '';
    if (path !== eventsPath) throw new IngressFault('ROUTE_NOT_FOUND', { path, pipeline: this.#config.pipeline });
    const method = request.method ?? '';
    if (method !== 'POST') throw new IngressFault('METHOD_NOT_ALLOWED', { method, path });
    const mode = contentModeOf(request.headers);
    this.#admission.checkHead(performance.now(), this.#producer.waitingFor());
    return mode;
  }

  #checkData(mode: ContentMode, events: readonly IncomingEvent[]): void {
    for (let index = 0; index < events.length; index++) {
      const fault = this.#check(events[index]!.data);
      if (fault === undefined) continue;
      throw invalid(`${mode === 'batch' ? `/${index}` : ''}/data${fault.path}`, fault.reason);
    }
  }

  async #store(startMs: number, mode: ContentMode, events: readonly IncomingEvent[]): Promise<string[]> {
    const pathway = this.#options.meter.stamp(startMs);
    const records = events.map((event, index) => this.#encode(mode, event, index, pathway));
    this.#admission.admit(events.length, performance.now());
    const trace = beginTrace(this.#tracing, startMs, events, records);
    try {
      await this.#producer.send(records);
    } catch (thrown) {
      if (thrown instanceof IngressFault) trace.end(thrown.statusCode, thrown);
      throw thrown;
    } finally {
      this.#admission.release(events.length);
    }
    this.#counters.acceptedEvents += events.length;
    trace.end(202);
    return events.map((event) => event.id);
  }

  #encode(mode: ContentMode, event: IncomingEvent, index: number, pathway: string): EncodedRecord {
    const record = encodeRecord(event, this.#keyField, pathway);
    const maxBytes = this.#maxEventBytes;
    if (record.bytes <= maxBytes) return record;
    if (mode !== 'batch') throw new IngressFault('EVENT_TOO_LARGE', { what: 'The event', maxBytes, path: '/' });
    throw new IngressFault('EVENT_TOO_LARGE', { what: `Event ${index} of the batch`, maxBytes, path: `/${index}` });
  }
}

function ingressOf(config: NodeTaskConfig) {
  const service = config.role.kind === 'ingress' ? config.spec.services[config.role.service] : undefined;
  if (service?.runs.kind !== 'ingress') throw new Error(`task ${config.task} is not an ingress`);
  const topic = config.spec.topics[service.runs.topic];
  if (topic === undefined) throw new Error(`the ingress of ${config.pipeline} writes to no known topic`);
  return { topicName: service.runs.topic, topic, runs: service.runs };
}

function producerOf(config: NodeTaskConfig, topic: string, { log, meter, sabotage }: IngressOptions): EventProducer {
  if (config.kafka === undefined) throw new Error(`task ${config.task} was given no Kafka`);
  const breaking = sabotage === undefined ? {} : { sabotage };
  return createEventProducer({
    ...{ access: config.kafka, clientId: config.task, topic, log },
    ...meteringOf(meter),
    ...breaking,
  });
}
