/** The network of a home's nodes: one bridge with a subnet of its own, so that a node keeps its address. */
import { createHash } from 'node:crypto';
import { fail } from '../../errors.ts';
import type { LedgerEntry } from '../../model/ledger.ts';
import { asked, askedExcept, askedOrAbsent, type Engine, messageOf, statusCodeOf } from './engine.ts';
import { labels, type Names } from './names.ts';

/** /24 networks in 10.201.0.0/16: private (RFC 1918), and outside the ranges that Docker hands out by itself (172.17 to 172.31, 192.168). */
const firstOctets = '10.201';
const candidates = 16;
/** Node 1 has this host number: the lowest belong to the bridge. */
const firstHost = 10;

/** Address of a node by its number, from 0. */
export function nodeAddress(subnet: string, index: number): string {
  return `${subnet.slice(0, subnet.lastIndexOf('.'))}.${firstHost + index}`;
}

/** Makes the network, if it is not there, and answers its subnet (10.201.7.0/24). Throws ENGINE_REFUSED when no subnet is free. */
export async function ensureNetwork(engine: Engine, names: Names): Promise<string> {
  const first = createHash('sha256').update(names.home).digest()[0]!;
  for (let attempt = 0; attempt < candidates; attempt += 1) {
    const there = await subnetOf(engine, names);
    if (there !== undefined) return there;
    await tryToMake(engine, names, `${firstOctets}.${(first + attempt * 17) % 256}.0/24`);
  }
  return (
    (await subnetOf(engine, names)) ??
    fail('ENGINE_REFUSED', { engine: names.network, reason: `no free subnet in ${firstOctets}.0.0/16` })
  );
}

async function subnetOf(engine: Engine, names: Names): Promise<string | undefined> {
  const found = await askedOrAbsent(engine, engine.getNetwork(names.network).inspect());
  return found?.IPAM?.Config?.[0]?.Subnet;
}

/** A subnet that somebody else has: the next one is tried. Two at once: the name is unique (CheckDuplicate), the second finds it. */
async function tryToMake(engine: Engine, names: Names, subnet: string): Promise<void> {
  const network = {
    Name: names.network,
    Driver: 'bridge',
    CheckDuplicate: true,
    Labels: { [labels.home]: names.home },
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
  };
  try {
    await engine.createNetwork(network);
  } catch (thrown) {
    const overlaps = statusCodeOf(thrown) === 403 || /overlap/i.test(messageOf(thrown));
    if (!overlaps && statusCodeOf(thrown) !== 409) await asked(engine, Promise.reject(thrown));
  }
}

/** Empty answer: it was not there. */
export async function removeNetwork(engine: Engine, names: Names): Promise<readonly LedgerEntry[]> {
  if ((await subnetOf(engine, names)) === undefined) return [];
  await askedExcept(engine, engine.getNetwork(names.network).remove(), [404]);
  return [{ kind: 'network', name: names.network, owner: 'millrace' }];
}
