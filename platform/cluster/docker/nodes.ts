/**
 * A node of the cluster in an engine: a container that does nothing but hold a network namespace, with the node's address.
 * Tasks join it, so that they share the node's address and ports as processes of one machine would.
 */
import type { Node } from '../../model/cluster.ts';
import type { LedgerEntry } from '../../model/ledger.ts';
import { asked, askedExcept, askedOrAbsent, type Engine, ensureImage } from './engine.ts';
import { labels, type Names } from './names.ts';
import { ensureNetwork } from './network.ts';

const holderMiB = 16;

/** Makes the node run. Throws IMAGE_ABSENT, ENGINE_UNREACHABLE, ENGINE_REFUSED. */
export async function ensureNode(engine: Engine, names: Names, image: string, node: Node): Promise<void> {
  const name = names.node(node.id);
  const there = await askedOrAbsent(engine, engine.getContainer(name).inspect());
  if (there?.State.Running) return;
  if (there === undefined) {
    await ensureImage(engine, image);
    await ensureNetwork(engine, names);
    await askedExcept(engine, engine.createContainer(holderOf(names, image, node)), [409]);
  }
  await askedExcept(engine, engine.getContainer(name).start(), [304]);
}

function holderOf(names: Names, image: string, node: Node) {
  return {
    name: names.node(node.id),
    Image: image,
    Hostname: node.id,
    Cmd: ['sleep', 'infinity'],
    // `sleep` as process 1 would ignore SIGTERM.
    StopSignal: 'SIGKILL',
    Labels: { [labels.home]: names.home, [labels.kind]: 'node', [labels.id]: node.id },
    HostConfig: {
      NetworkMode: names.network,
      RestartPolicy: { Name: 'unless-stopped' },
      Memory: holderMiB * 1024 * 1024,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
    },
    NetworkingConfig: { EndpointsConfig: { [names.network]: { IPAMConfig: { IPv4Address: node.address } } } },
  };
}

/** Ends the nodes, whose tasks must have ended. Answers those that ran. */
export async function stopNodes(engine: Engine, names: Names): Promise<readonly LedgerEntry[]> {
  const running = await nodesOf(engine, names, false);
  await Promise.all(running.map((name) => askedExcept(engine, engine.getContainer(name).stop(), [304, 404])));
  return running.map((name) => ({ kind: 'container', name, owner: 'millrace' }));
}

export async function removeNodes(engine: Engine, names: Names): Promise<readonly LedgerEntry[]> {
  const all = await nodesOf(engine, names, true);
  const remove = (name: string) => engine.getContainer(name).remove({ force: true });
  await Promise.all(all.map((name) => askedExcept(engine, remove(name), [404, 409])));
  return all.map((name) => ({ kind: 'container', name, owner: 'millrace' }));
}

async function nodesOf(engine: Engine, names: Names, all: boolean): Promise<readonly string[]> {
  const filters = { label: [...names.ours.label, `${labels.kind}=node`] };
  const found = await asked(engine, engine.listContainers({ all, filters }));
  return found.map(({ Names: [name = ''] }) => name.replace(/^\//, '')).sort();
}
