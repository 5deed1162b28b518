import { defineBlueprint } from '../../platform/sdk/defineBlueprint.ts';
import type { Kit } from '../../platform/sdk/kit.ts';
import type { ValuesOf } from '../../platform/sdk/parameters.ts';
import { parameters } from './parameters.ts';
import { airportDelays, airportFields, flight, severeDelay } from './schemas.ts';
import { airportWindowColumns, flightColumns, severeDelayColumns } from './tables.ts';

type Parameters = ValuesOf<typeof parameters>;

export const blueprint = defineBlueprint({
  name: 'flight-delays',
  title: 'Flight delays',
  description:
    'US flight records, replayed as a stream: delays of each airport in windows of time, severe delays within a second, a live board and alerts.',
  parameters,
  build(p, kit) {
    // With the default nothing is asked for, so that a Kafka that runs with more brokers is shared.
    if (p.brokers > 1) kit.framework('kafka', { brokers: p.brokers });
    const topics = addTopics(p, kit);
    addJobs(p, kit, topics);
    addStores(p, kit, topics);
    addServices(p, kit, topics);
    addObjectives(kit);
  },
});

function addTopics(p: Parameters, kit: Kit) {
  const log = { partitions: p.partitions, retentionMs: p.topicRetentionHours * 3_600_000 };
  return {
    flights: kit.topic('flights', { schema: flight, ...log }),
    severe: kit.topic('severe-delays', { schema: severeDelay, ...log }),
    // Updates of one airport stay in order: they share a partition.
    windows: kit.topic('airport-delays', { schema: airportDelays, ...log, key: 'airport' }),
  };
}
type Topics = ReturnType<typeof addTopics>;

function addJobs(p: Parameters, kit: Kit, { flights, severe, windows }: Topics): void {
  const airports = kit.dataset('airports', {
    npmPackage: 'vega-datasets',
    file: 'data/airports.csv',
    format: 'csv',
    fields: airportFields,
  });
  kit.job('severe-delays', { sqlFile: 'jobs/severe-delays.sql', mode: 'realtime', input: flights, output: severe });
  kit.job('airport-delays', {
    sqlFile: 'jobs/airport-delays.sql',
    mode: 'micro-batch',
    input: flights,
    watermarkMs: p.latenessMinutes * 60_000,
    deduplicate: true,
    references: { airports },
    output: windows,
  });
}

function addStores(p: Parameters, kit: Kit, { flights, severe, windows }: Topics): void {
  const ttlSeconds = p.tableRetentionDays * 86_400;
  const flightTable = kit.table('flights', { columns: flightColumns, partitionKey: ['event_id'], ttlSeconds });
  const severeTable = kit.table('severe-delays', {
    columns: severeDelayColumns,
    partitionKey: ['event_id'],
    ttlSeconds,
  });
  const windowTable = kit.table('airport-windows', {
    columns: airportWindowColumns,
    partitionKey: ['airport'],
    clusteringKey: [{ column: 'window_start', order: 'desc' }],
    ttlSeconds,
  });
  kit.store('store-flights', { from: flights, to: flightTable });
  kit.store('store-severe', { from: severe, to: severeTable, omit: ['alert'] });
  kit.store('store-windows', { from: windows, to: windowTable, omit: ['on_board', 'version'] });
  kit.project('board', {
    from: windows,
    projection: 'board',
    member: 'airport',
    score: 'mean_delay_minutes',
    version: 'version',
    where: 'on_board',
  });
  kit.queue('alerts', { from: severe, queue: 'alerts', where: 'alert' });
}

function addServices(p: Parameters, kit: Kit, { flights }: Topics): void {
  const ingress = kit.ingress('ingress', {
    into: flights,
    maxEventBytes: 16_384,
    maxEventsPerSecond: p.maxEventsPerSecond,
    endpoint: 'ingress',
    resources: { cpus: 0.25, memoryMiB: 176 },
  });
  const api = kit.service('api', {
    entry: 'services/query.ts',
    uses: ['cassandra', 'redis'],
    instances: p.apiInstances,
    endpoint: 'api',
    resources: { cpus: 0.1, memoryMiB: 160 },
  });
  kit.service('alerts', { entry: 'services/alerts.ts', uses: ['redis'], resources: { cpus: 0.05, memoryMiB: 160 } });
  kit.feed('feed', {
    from: kit.dataset('flight-records', {
      npmPackage: 'vega-datasets',
      file: 'data/flights-20k.json',
      format: 'json',
      fields: flight.fields,
      from: { delay_minutes: 'delay', distance_miles: 'distance' },
    }),
    to: ingress,
    eventType: 'flight.arrived',
    ratePerSecond: p.ratePerSecond,
    traceRatio: p.traceRatio,
  });
  kit.verify({
    ingress,
    api,
    eventType: 'flight.arrived',
    event: {
      date: '2001/01/01 00:00',
      // The mark stands for an airport of its own: its windows count the run's events, and the board does not know it.
      origin: '{mark}',
      destination: '{mark}',
      // Late enough for every allowed threshold, so that the event takes the path through Spark, too.
      delay_minutes: 1440,
      distance_miles: 1,
    },
    readBackPath: '/verify/events/{eventId}',
    countPath: '/verify/{mark}',
  });
}

function addObjectives(kit: Kit): void {
  // Windows of airports come out of micro-batches, a second and more apart.
  kit.objective('fresh', { kind: 'freshness', withinSeconds: 30, target: 0.99 });
  // What somebody is told of a severe delay goes through the real-time job.
  kit.objective('alerts-fresh', { kind: 'freshness', stage: 'alerts', withinSeconds: 10, target: 0.99 });
  kit.objective('complete', { kind: 'completeness' });
}
