/**
 * Breaking a pipeline on purpose, to see that the conservation ledger names it: `MILLRACE_SABOTAGE=drop:sink:12345` loses the
 * 12,345th event that passes a sink, after it was counted and before it is stored; `duplicate:ingress:1` sends the first one
 * twice; `drop:job:1` loses the first one that a Spark job would hand on or aggregate (frameworks/spark, Saboteur.java). Flows and
 * jobs count only what entered since they started: what comes again after a start is known to the ledger. The stage is `ingress`, `sink` (any flow), `job` (any job), or the name of one of
 * them. Works only in a pipeline whose deploy was given `--allow-sabotage`.
 */
import { fail } from '../errors.ts';
import { parsePathwayHeader } from './pathway/header.ts';

export interface Sabotage {
  readonly action: 'drop' | 'duplicate';
  readonly stage: string;
  /** Which event that passes the stage's process, from 1. */
  readonly event: number;
}

export const sabotageVariable = 'MILLRACE_SABOTAGE';

/** Throws INVALID_ARGUMENT. */
export function parseSabotage(text: string): Sabotage {
  const parts = /^(drop|duplicate):([a-z][a-z0-9-]*):([1-9]\d{0,14})$/.exec(text);
  if (parts === null) {
    const reason = `${sabotageVariable} is ACTION:STAGE:EVENT, such as drop:sink:12345 or duplicate:ingress:1, not "${text}".`;
    return fail('INVALID_ARGUMENT', { reason, command: 'deploy' });
  }
  return { action: parts[1] as Sabotage['action'], stage: parts[2]!, event: Number(parts[3]) };
}

export type Saboteur = <T extends object>(events: readonly T[]) => readonly T[];

/**
 * Undefined: this stage is left alone. `names`: what the stage answers to. `sinceMs`: of events with a `pathway`, those count that
 * entered since then; without it all do.
 */
export function saboteurOf(
  sabotage: Sabotage | undefined,
  names: readonly string[],
  sinceMs?: number,
): Saboteur | undefined {
  if (sabotage === undefined || !names.includes(sabotage.stage)) return undefined;
  let passed = 0;
  return (events) => {
    const at = events.findIndex((event) => counts(event, sinceMs) && ++passed === sabotage.event);
    if (at < 0) return events;
    return sabotage.action === 'drop' ? events.toSpliced(at, 1) : events.toSpliced(at, 0, events[at]!);
  };
}

function counts(event: { readonly pathway?: string | undefined }, sinceMs: number | undefined): boolean {
  if (sinceMs === undefined) return true;
  const context = parsePathwayHeader(event.pathway);
  return context !== undefined && context.originMs >= sinceMs;
}
