import { integer, number } from '../../platform/sdk/parameters.ts';

export const parameters = {
  ratePerSecond: integer({
    default: 50,
    minimum: 1,
    maximum: 5000,
    unit: 'events/s',
    doc: 'How many flight records per second are replayed into the ingress',
  }),
  severeDelayMinutes: integer({
    default: 60,
    minimum: 1,
    maximum: 1440,
    unit: 'minutes',
    doc: 'A flight that is at least this late is a severe delay',
  }),
  windowMinutes: integer({
    default: 15,
    minimum: 1,
    maximum: 1440,
    unit: 'minutes',
    doc: 'Length of the windows over which the delays of an airport are counted',
  }),
  latenessMinutes: integer({
    default: 10,
    minimum: 1,
    maximum: 1440,
    unit: 'minutes',
    doc: 'How late an event may come and still be counted in its window, and a duplicate be recognised',
  }),
  traceRatio: number({ default: 0.01, minimum: 0, maximum: 1, doc: 'Part of the replayed events that are traced' }),
  maxEventsPerSecond: integer({
    default: 10_000,
    minimum: 1,
    maximum: 100_000,
    unit: 'events/s',
    doc: 'The ingress answers 429 above this rate',
  }),
  brokers: integer({
    default: 1,
    minimum: 1,
    maximum: 3,
    unit: 'brokers',
    doc: 'Kafka brokers, on different nodes where there are several; with 3, no event is lost with one of them',
  }),
  partitions: integer({ default: 2, minimum: 1, maximum: 64, doc: 'Partitions of each topic' }),
  topicRetentionHours: integer({
    default: 24,
    minimum: 1,
    maximum: 720,
    unit: 'hours',
    doc: 'How long events stay in Kafka',
  }),
  tableRetentionDays: integer({
    default: 7,
    minimum: 1,
    maximum: 365,
    unit: 'days',
    doc: 'How long rows stay in Cassandra',
  }),
  apiInstances: integer({ default: 2, minimum: 1, maximum: 8, doc: 'Instances of the query service' }),
};
