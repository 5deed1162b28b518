/** Which nodes a task's fixed constraints allow: those that do not depend on where its group is. Kept for each set of them. */
import type { Constraint } from '../model/allocation.ts';
import type { NodeTable } from './nodeTable.ts';

export interface Eligible {
  /** 1 for a slot that is allowed. */
  readonly mask: Uint8Array;
  readonly count: number;
  /** The slots, where they are few: they are looked at one by one. */
  readonly few: readonly number[] | undefined;
}

interface Kept {
  readonly tests: readonly { readonly attribute: string; readonly passes: (value: string | undefined) => boolean }[];
  mask: Uint8Array;
  count: number;
  few: readonly number[] | undefined;
}

/** Up to so many slots are looked at one by one. */
const few = 64;
/** Sets that are kept; then all are forgotten, and made again as they are asked for. */
const mostKept = 20_000;

export class Eligibility {
  private readonly kept = new Map<string, Kept>();
  private readonly nodes: NodeTable;

  constructor(nodes: NodeTable) {
    this.nodes = nodes;
  }

  /** `undefined`: no fixed constraint, every node. */
  of(constraints: readonly Constraint[], key: string): Eligible | undefined {
    if (key === '') return undefined;
    const known = this.kept.get(key) ?? this.make(constraints, key);
    if (known.few === undefined && known.count <= few) known.few = slotsOf(known.mask);
    return known;
  }

  /** The slot has another node than before, or none. */
  nodeChanged(slot: number): void {
    for (const each of this.kept.values()) {
      if (each.mask.length <= slot) {
        const mask = new Uint8Array(this.nodes.tree.room);
        mask.set(each.mask);
        each.mask = mask;
      }
      const allowed = this.passes(each.tests, slot) ? 1 : 0;
      each.count += allowed - each.mask[slot]!;
      each.mask[slot] = allowed;
      each.few = undefined;
    }
  }

  private make(constraints: readonly Constraint[], key: string): Kept {
    if (this.kept.size >= mostKept) this.kept.clear();
    const tests = constraints
      .filter(isFixed)
      .map((each) => ({ attribute: each.attribute, passes: remembered(testOf(each)) }));
    const mask = new Uint8Array(this.nodes.tree.room);
    let count = 0;
    for (let slot = 0; slot < this.nodes.nodes.length; slot++) {
      if (!this.passes(tests, slot)) continue;
      mask[slot] = 1;
      count++;
    }
    const made = { tests, mask, count, few: undefined };
    this.kept.set(key, made);
    return made;
  }

  private passes(tests: Kept['tests'], slot: number): boolean {
    if (this.nodes.nodes[slot] === undefined) return false;
    return tests.every(({ attribute, passes }) => {
      const { bySlot, values } = this.nodes.column(attribute);
      return passes(values[bySlot[slot]!]);
    });
  }
}

/** Whether it depends on the node alone. */
export function isFixed(constraint: Constraint): boolean {
  const { operator } = constraint;
  if (operator === 'CLUSTER') return constraint.value !== undefined;
  return operator === 'IS' || operator === 'LIKE' || operator === 'UNLIKE';
}

/** One key for one set of fixed constraints; '' for none. */
export function fixedKey(constraints: readonly Constraint[]): string {
  const fixed = constraints.filter(isFixed);
  return fixed.length === 0 ? '' : JSON.stringify(fixed);
}

export function testOf(constraint: Constraint): (value: string | undefined) => boolean {
  switch (constraint.operator) {
    case 'IS':
    case 'CLUSTER':
      return (value) => value === constraint.value;
    case 'LIKE': {
      const whole = new RegExp(`^(?:${constraint.pattern})$`);
      return (value) => value !== undefined && whole.test(value);
    }
    case 'UNLIKE': {
      const whole = new RegExp(`^(?:${constraint.pattern})$`);
      return (value) => value === undefined || !whole.test(value);
    }
    default:
      return () => true;
  }
}

function remembered(test: (value: string | undefined) => boolean): (value: string | undefined) => boolean {
  const known = new Map<string | undefined, boolean>();
  return (value) => {
    let answer = known.get(value);
    if (answer === undefined) {
      answer = test(value);
      known.set(value, answer);
    }
    return answer;
  };
}

function slotsOf(mask: Uint8Array): number[] {
  const slots: number[] = [];
  for (let slot = 0; slot < mask.length; slot++) if (mask[slot] === 1) slots.push(slot);
  return slots;
}
