/** A second account of the cluster, kept out of what the allocator answers: what must hold is reckoned from it, not from the books. */
import { Allocator } from '../../../platform/allocate/allocator.ts';
import type { CycleOutcome } from '../../../platform/allocate/cycle.ts';
import type { Ask, RoleSpec, TaskAsk } from '../../../platform/model/allocation.ts';
import type { Offer, Placement } from '../../../platform/model/cluster.ts';
import type { Step } from './steps.ts';

export const names = ['cpus', 'memoryMiB', 'diskMiB', 'gpus'] as const;

export interface Held {
  readonly placement: Placement;
  readonly task: TaskAsk;
  readonly ask: Ask;
  readonly running: boolean;
}

export class Shadow {
  readonly allocator = new Allocator();
  readonly offers = new Map<string, Omit<Offer, 'groups'>>();
  readonly roles = new Map<string, RoleSpec>();
  /** What is held on a node: by tasks that run, and by places that are reserved. By task. */
  readonly held = new Map<string, Held>();
  readonly waiting = new Map<string, Ask>();
  readonly outcomes: CycleOutcome[] = [];
  private readonly seen: Omit<Offer, 'groups'>[] = [];
  private again = 0;

  /** Does the step where it makes sense. */
  apply(step: Step): void {
    if (step.kind === 'node') this.addNode(step.offer);
    else if (step.kind === 'role') this.setRole(step.role);
    else if (step.kind === 'ask') this.submit(step.ask);
    else if (step.kind === 'cycle') this.cycle();
    else if (step.kind === 'withdraw') this.withdraw(pick([...this.waiting.keys()], step.which));
    else if (step.kind === 'lose') this.lose(pick([...this.offers.keys()], step.which));
    else if (step.kind === 'end') this.end(pick(this.tasks(true), step.which));
    else if (step.kind === 'release') this.release(pick(this.tasks(false), step.which));
    else this.askAgain(pick(this.tasks(false), step.which));
  }

  private tasks(running: boolean): string[] {
    const waits = new Set([...this.waiting.values()].flatMap(({ tasks }) => tasks.map(({ task }) => task)));
    const all = [...this.held.values()].filter((each) => each.running === running);
    return all.map(({ task }) => task.task).filter((task) => running || !waits.has(task));
  }

  private addNode(offer: Omit<Offer, 'groups'>): void {
    if (this.offers.has(offer.node.id)) return;
    const known = this.seen.find(({ node }) => node.id === offer.node.id) ?? offer;
    this.seen.push(known);
    this.offers.set(known.node.id, known);
    this.allocator.addNode(known);
  }

  private setRole(role: RoleSpec): void {
    this.roles.set(role.role, role);
    this.allocator.setRole(role);
  }

  private submit(ask: Ask): void {
    this.waiting.set(ask.id, ask);
    this.allocator.submit(ask);
  }

  private withdraw(id: string | undefined): void {
    if (id === undefined) return;
    this.waiting.delete(id);
    this.allocator.withdraw(id);
  }

  private lose(id: string | undefined): void {
    if (id === undefined) return;
    this.offers.delete(id);
    const there = [...this.held.values()].filter(({ placement, running }) => running && placement.node === id);
    const lost = this.allocator.removeNode(id).map(({ task }) => task);
    if (
      lost.toSorted().join() !==
      there
        .map(({ task }) => task.task)
        .toSorted()
        .join()
    ) {
      throw new Error(`lost ${lost}, but ${there.map(({ task }) => task.task)} were there`);
    }
    for (const each of there) this.leave(each);
  }

  private end(task: string | undefined): void {
    if (task === undefined) return;
    this.allocator.end(task);
    this.leave(this.held.get(task)!);
  }

  private release(task: string | undefined): void {
    if (task === undefined) return;
    this.allocator.release(task);
    this.held.delete(task);
  }

  /** A task whose place is reserved is asked for again, alone. */
  private askAgain(task: string | undefined): void {
    if (task === undefined) return;
    const { ask, task: asked } = this.held.get(task)!;
    this.again += 1;
    this.submit({ ...ask, id: `again-${this.again}`, tasks: [asked] });
  }

  private leave(each: Held): void {
    if (each.task.reserved) this.held.set(each.task.task, { ...each, running: false });
    else this.held.delete(each.task.task);
  }

  private cycle(): void {
    const outcome = this.allocator.cycle();
    this.outcomes.push(outcome);
    const standing = new Map([...this.held.values()].map((each) => [each.task.task, each.ask]));
    for (const { placement } of outcome.gaveWay) {
      const ask = standing.get(placement.task);
      if (ask === undefined) continue;
      this.held.delete(placement.task);
      const left = ask.tasks.filter(({ task }) => standing.get(task) === ask);
      this.waiting.set(ask.id, { ...ask, tasks: left });
    }
    const asks = new Map(
      [...this.waiting.values()].flatMap((ask) => ask.tasks.map((task) => [task.task, { ask, task }])),
    );
    for (const placement of outcome.placements) {
      const { ask, task } = asks.get(placement.task)!;
      this.held.set(placement.task, { placement, ask, task, running: true });
      this.waiting.delete(ask.id);
    }
  }
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from.length === 0 ? undefined : from[which % from.length];
}

/** What a role and those below it hold on nodes that are there. */
export function usedBy(shadow: Shadow, role: string): Record<string, number> {
  const here = [...shadow.held.values()].filter(
    ({ ask, placement }) =>
      shadow.offers.has(placement.node) && (role === '' || ask.role === role || ask.role.startsWith(`${role}/`)),
  );
  return Object.fromEntries(names.map((name) => [name, sum(here.map(({ task }) => task.resources[name]))]));
}

/** What has to stay free for guarantees below `role` ('': all), of one resource. */
export function keptFor(shadow: Shadow, role: string, name: (typeof names)[number]): number {
  const paths = [...new Set([...shadow.roles.keys()].flatMap((path) => [path, path.split('/')[0]!]))];
  const children = paths.filter((path) => (role === '' ? !path.includes('/') : path.startsWith(`${role}/`)));
  const below = sum(children.map((child) => keptFor(shadow, child, name)));
  const missing = (shadow.roles.get(role)?.guarantee[name as 'cpus'] ?? 0) - usedBy(shadow, role)[name]!;
  return Math.max(0, below, missing);
}

export function freeIn(shadow: Shadow, name: (typeof names)[number]): number {
  return sum([...shadow.offers.values()].map(({ free }) => free[name])) - usedBy(shadow, '')[name]!;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((so, each) => so + each, 0);
}
