/**
 * `./millrace exec test/bench/ledger.ts`: the conservation ledger over ten million events, in this process, without servers (the
 * stages of test/fixtures/ledgerChain.ts). One event is lost or doubled at a random place; the ledger must name its stage, its
 * window and its hash, and the heap must not grow with the number of events. `--events N`, `--per-second N`, `--breaks N` (how many
 * runs, each with a break of its own), `--seed N`. Exit code 1 when one of these does not hold.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Break, breakPlaces, expectedOf, runChain } from '../fixtures/ledgerChain.ts';

const { values: asked } = parseArgs({
  options: {
    events: { type: 'string', default: '10000000' },
    'per-second': { type: 'string', default: '20000' },
    breaks: { type: 'string', default: '2' },
    seed: { type: 'string', default: `${Date.now() % 1e9}` },
  },
});
const [events, perSecond, breaks] = [asked.events, asked['per-second'], asked.breaks].map(Number) as [
  number,
  number,
  number,
];

/** mulberry32 (Tommy Ettinger, public domain): a run can be repeated by its seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** What windows cost: events beyond it must cost nothing. */
const mayGrowBytes = 512 * 1024;
const random = randomOf(Number(asked.seed));
let faults = 0;

function run(broken: Break): void {
  const heaps: number[] = [];
  const look = () => {
    collect();
    heaps.push(process.memoryUsage().heapUsed);
  };
  const options = { events, perSecond, broken, every: { events: Math.ceil(events / 10), look } };
  const startMs = performance.now();
  const report = runChain(options);
  const seconds = (performance.now() - startMs) / 1000;
  const expected = expectedOf(options);
  const found = report.windows.flatMap(({ origin, faults: all }) =>
    all.map(({ stage, kind, hash, text }) => ({ stage, kind, hash, origin, text })),
  );
  const [first] = found;
  const isNamed =
    found.length === 1 && (['stage', 'kind', 'hash', 'origin'] as const).every((key) => first![key] === expected[key]);
  const windows = report.windows.length;
  const bytesAnEvent = (heaps.at(-1)! - heaps[1]!) / (events * 0.8);
  // Each new window has its place in each of the stages; of the events nothing must be left.
  const growth = heaps.at(-1)! - heaps[1]! - windows * 4096;
  const isConstant = growth < mayGrowBytes;
  if (!isNamed || !isConstant) faults += 1;
  console.log(
    `${broken.action} ${broken.place}, event ${broken.event}: ${isNamed ? 'named' : 'NOT NAMED'} in ${seconds.toFixed(0)} s`,
  );
  console.log(
    `  ${first?.origin}: ${first?.text}, hash ${first?.hash}; lost ${report.lost}, duplicated ${report.duplicated}`,
  );
  const heapOf = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  console.log(
    `  ${windows} windows; heap in MiB at each tenth ${heaps.map(heapOf).join(' ')}: ${bytesAnEvent.toFixed(3)} bytes an event${isConstant ? '' : ', GROWS'}`,
  );
}

console.log(`${events} events at ${perSecond} a second, seed ${asked.seed}`);
for (let i = 0; i < breaks; i++) {
  const place = breakPlaces[Math.floor(random() * breakPlaces.length)]!;
  const action = random() < 0.5 ? 'lost' : 'doubled';
  run({ place, action, event: Math.floor(random() * (events - 4)) });
}
if (faults > 0) process.exitCode = 1;
