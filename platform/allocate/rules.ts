/** The constraints that depend on where the tasks of a group are: UNIQUE, MAX_PER, GROUP_BY, CLUSTER without a value. */
import type { Constraint, TaskAsk } from '../model/allocation.ts';
import { type Eligible, isFixed, testOf } from './eligibility.ts';
import { type Groups, leastCount } from './groups.ts';
import type { NodeTable } from './nodeTable.ts';

/** Whether a task may go to a slot, as its group stands now. */
export type Rule = (slot: number) => boolean;

export function rulesOf(task: TaskAsk, nodes: NodeTable, groups: Groups, eligible: Eligible | undefined): Rule[] {
  return (task.constraints ?? []).flatMap((constraint) => {
    if (isFixed(constraint)) return [];
    const column = nodes.column(constraint.attribute);
    const counts = groups.byValue(task.group, constraint.attribute);
    const has = (slot: number) => counts.get(column.bySlot[slot]!) ?? 0;
    const known = (slot: number) => column.bySlot[slot]! >= 0;
    switch (constraint.operator) {
      case 'UNIQUE':
        return [(slot: number) => known(slot) && has(slot) === 0];
      case 'MAX_PER':
        return [(slot: number) => known(slot) && has(slot) < constraint.count];
      case 'CLUSTER':
        return [(slot: number) => known(slot) && (counts.size === 0 || has(slot) > 0)];
      case 'GROUP_BY': {
        const ids = valuesAmong(column.bySlot, column.values.length, eligible);
        const least = leastCount(column, counts, ids, constraint.count);
        return [(slot: number) => known(slot) && has(slot) <= least];
      }
      default:
        return [];
    }
  });
}

/** Ids of the values that the allowed nodes have: groups are spread over these, not over what they can't reach. */
function valuesAmong(bySlot: Int32Array, values: number, eligible: Eligible | undefined): number[] {
  if (eligible === undefined) return Array.from({ length: values }, (_, id) => id);
  const ids = new Set<number>();
  for (let slot = 0; slot < eligible.mask.length && ids.size < values; slot++) {
    if (eligible.mask[slot] === 1 && bySlot[slot]! >= 0) ids.add(bySlot[slot]!);
  }
  return [...ids];
}

/** `GROUP_BY zone 3`: as it is written in the order of Marathon. */
export function constraintText(constraint: Constraint): string {
  const { attribute, operator } = constraint;
  const operand =
    'pattern' in constraint
      ? constraint.pattern
      : 'value' in constraint
        ? constraint.value
        : 'count' in constraint
          ? constraint.count
          : undefined;
  return operand === undefined ? `${operator} ${attribute}` : `${operator} ${attribute} ${operand}`;
}

/** What keeps the task off the slot by this constraint; undefined if it allows it. */
export function constraintFault(
  constraint: Constraint,
  task: TaskAsk,
  slot: number,
  around: { readonly nodes: NodeTable; readonly groups: Groups; readonly eligible: Eligible | undefined },
): string | undefined {
  const { nodes, groups, eligible } = around;
  const { attribute } = constraint;
  const column = nodes.column(attribute);
  const value = column.values[column.bySlot[slot]!];
  if (isFixed(constraint)) {
    if (testOf(constraint)(value)) return undefined;
    return value === undefined ? `no attribute ${attribute}` : `${attribute} is ${value}`;
  }
  const alone = rulesOf({ ...task, constraints: [constraint] }, nodes, groups, eligible);
  if (alone.every((allows) => allows(slot))) return undefined;
  if (value === undefined) return `no attribute ${attribute}`;
  const counts = groups.byValue(task.group, attribute);
  const here = counts.get(column.bySlot[slot]!) ?? 0;
  const where = attribute === 'node' ? 'here' : `at ${attribute} ${value}`;
  if (constraint.operator === 'CLUSTER') {
    const others = [...counts.keys()].map((id) => column.values[id] ?? 'none');
    return `its group is at ${attribute} ${others.join(', ')}`;
  }
  const least = constraint.operator === 'GROUP_BY' ? ', other values have fewer' : '';
  return `${here} of its group ${here === 1 ? 'is' : 'are'} ${where} already${least}`;
}
