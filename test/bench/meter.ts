/**
 * `./millrace exec test/bench/meter.ts`: what pathways and the ledger cost a stage, in µs of CPU for each event, each part on its
 * own and the whole. No server; the journal keeps nothing. Batches of 256 records with ids of 40 characters, one in a hundred
 * sampled, and the header and the id are strings of their own, as they come from a fetch. The least of several rounds is
 * printed: what others use of the machine only adds.
 */
import { memoryJournal } from '../../platform/telemetry/conservation/journal.ts';
import { StageLedger } from '../../platform/telemetry/conservation/stageLedger.ts';
import { eventHash, Tally } from '../../platform/telemetry/conservation/tally.ts';
import { formatPathwayHeader, parsePathwayHeader } from '../../platform/telemetry/pathway/header.ts';
import { LatencyHistogram } from '../../platform/telemetry/pathway/histogram.ts';
import { createCheckpoint, pathwayId, rootPathway } from '../../platform/telemetry/pathway/pathways.ts';
import { FlowMeter, IngressMeter, type MeteredRecord } from '../../platform/telemetry/stageMeter.ts';

const [batchSize, batches, rounds] = [256, 400, 9];
const nowMs = 1_795_538_309_522;
const events = batchSize * batches;

/** A string of its own bytes, as a record's header is, not one that is shared or put together. */
const fresh = (text: string) => Buffer.from(text).toString();

function recordsOf(partition: number, jobAt: boolean): MeteredRecord[][] {
  const pathway = pathwayId(rootPathway, 'ingress:ingress');
  return Array.from({ length: batches }, (_, batch) =>
    Array.from({ length: batchSize }, (_, i) => {
      const at = batch * batchSize + i;
      const originMs = nowMs - 400 + (i % 300);
      const sampled = at % 100 === 0 ? '01' : '00';
      return {
        id: fresh(`reading-${String(at).padStart(12, '0')}-4bf92f3577b34da6a3c`),
        pathway: fresh(formatPathwayHeader({ pathway, originMs, previousMs: originMs + 3 })),
        traceparent: fresh(`00-${String(at).padStart(32, '0')}-00f067aa0ba902b7-${sampled}`),
        jobAt: jobAt ? fresh(`${partition}:${at}`) : undefined,
        raw: { topic: 'bench.readings', partition, offset: `${at}`, position: at },
      };
    }),
  );
}

const silent = () => ({ ...memoryJournal(), append: () => undefined, replace: () => undefined });

/** Least CPU per event over the rounds, in µs; `once` passes all events. */
function measure(makeOnce: () => () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const once = makeOnce();
    const before = process.cpuUsage();
    once();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / events);
  }
  return least;
}

const all = recordsOf(0, false);
const made = recordsOf(0, true);
const flat = all.flat();
const headers = flat.map(({ pathway }) => pathway!);
const ids = flat.map(({ id }) => id!);
const none: ReadonlySet<never> = new Set();
let kept = 0;

function flow(batchesOf: readonly (readonly MeteredRecord[])[], change: Partial<{ deadLetter: boolean }> = {}) {
  return () => {
    const meter = new FlowMeter({ stage: 'store', kind: 'sink', journal: silent() });
    return () => {
      for (const incoming of batchesOf) {
        const deadLettered = change.deadLetter === true ? new Set([incoming[7]!.raw]) : none;
        const acknowledged = change.deadLetter === true ? incoming.toSpliced(7, 1) : incoming;
        meter.passed({ incoming, filtered: none, deadLettered, acknowledged, anew: false }, nowMs);
      }
    };
  };
}

const parts: readonly (readonly [string, () => () => void])[] = [
  [
    'header to numbers',
    () => () => {
      for (const header of headers) kept += parsePathwayHeader(header)!.originMs;
    },
  ],
  [
    'hash of an id',
    () => () => {
      for (const id of ids) kept += eventHash(id).low;
    },
  ],
  [
    'one tally of a hash',
    () => {
      const tally = new Tally();
      const hashes = ids.map(eventHash);
      return () => {
        for (const hash of hashes) tally.add(hash);
      };
    },
  ],
  [
    'one latency into a histogram',
    () => {
      const histogram = new LatencyHistogram();
      return () => {
        for (let i = 0; i < events; i++) histogram.record(100 + (i % 300));
      };
    },
  ],
  [
    'checkpoint: count, edge and end-to-end latency, exemplars',
    () => {
      const checkpoint = createCheckpoint({ name: 'sink:store', startMs: nowMs });
      const contexts = headers.map((header) => parsePathwayHeader(header)!);
      return () => {
        for (let i = 0; i < events; i++) checkpoint.passed(contexts[i]!, nowMs, flat[i]!.traceparent);
      };
    },
  ],
  [
    'ledger: lane, window, two tallies',
    () => {
      const ledger = new StageLedger({ stage: 'store', journal: silent(), now: () => nowMs });
      const hashes = ids.map(eventHash);
      const pathway = pathwayId(rootPathway, 'ingress:ingress');
      return () => {
        for (let i = 0; i < events; i++) {
          ledger.advance('bench.readings/0', i);
          ledger.add('in', nowMs - (i % 300), pathway, hashes[i]!);
          ledger.add('out', nowMs - (i % 300), pathway, hashes[i]!);
        }
      };
    },
  ],
  ['SINK, everything', flow(all)],
  ['SINK, records that a job made', flow(made)],
  ['SINK, one dead letter in each batch', flow(all, { deadLetter: true })],
  [
    'INGRESS, offered and acknowledged',
    () => {
      const meter = new IngressMeter({ stage: 'ingress', kind: 'ingress', journal: silent() });
      const stamped = all.map((batch) =>
        batch.map(({ id, traceparent }) => ({ id: id!, pathway: fresh(meter.stamp(nowMs)), traceparent })),
      );
      return () => {
        for (const batch of stamped) {
          meter.offered(batch);
          meter.acknowledged(batch, nowMs + 5);
        }
      };
    },
  ],
];

console.log(`${events} events a round, ${rounds} rounds, µs of CPU for each event, the least; aim: 0.5 for a stage`);
for (const [name, makeOnce] of parts) console.log(`${measure(makeOnce).toFixed(3).padStart(7)}  ${name}`);
if (!Number.isFinite(kept)) throw new Error('never');
