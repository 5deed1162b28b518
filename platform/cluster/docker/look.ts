/** What the engine says of a home's containers. */
import type { ContainerStats } from 'dockerode';
import type { TaskStatus } from '../driver.ts';
import { asked, askedOrAbsent, type Engine } from './engine.ts';
import { labels, type Names } from './names.ts';
import type { Container, Exit } from './status.ts';

export async function lookAt(engine: Engine, name: string): Promise<Container | undefined> {
  return await askedOrAbsent(engine, engine.getContainer(name).inspect());
}

interface DieEvent {
  readonly time: number;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

/** The newest end of each task, by id, among the last 256 events, which is what an engine keeps. */
export async function exitsOf(engine: Engine, names: Names): Promise<ReadonlyMap<string, Exit>> {
  const filters = { label: names.ours.label, event: ['die'], type: ['container'] };
  const until = Math.ceil(Date.now() / 1000);
  const stream = await asked(engine, engine.getEvents({ since: 0, until, filters: JSON.stringify(filters) } as object));
  let text = '';
  for await (const part of stream) text += part.toString();
  const exits = new Map<string, Exit>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const { time, Actor } = JSON.parse(line) as DieEvent;
    const id = Actor.Attributes[labels.id];
    const code = Number(Actor.Attributes.exitCode);
    if (id !== undefined) exits.set(id, { code, at: new Date(time * 1000).toISOString() });
  }
  return exits;
}

/** Null: it does not run, or the engine can not tell. Without page cache that can be given back, as `docker stats` counts. */
export async function usageOf(engine: Engine, name: string): Promise<TaskStatus['usage']> {
  const stats = await askedOrAbsent(engine, engine.getContainer(name).stats({ stream: false, 'one-shot': true }));
  const { usage, stats: parts } = (stats as ContainerStats | undefined)?.memory_stats ?? {};
  if (stats === undefined || usage === undefined) return null;
  const { total_inactive_file = 0, inactive_file = total_inactive_file } = (parts ?? {}) as Record<string, number>;
  const cpuSeconds = (stats as ContainerStats).cpu_stats.cpu_usage.total_usage / 1e9;
  return { memoryMiB: Math.round((usage - inactive_file) / 1024 / 1024), cpuSeconds };
}
