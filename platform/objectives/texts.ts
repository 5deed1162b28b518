/** What is said of objectives and alerts, to people. */
import type { ObjectiveSpec } from '../model/objective.ts';
import type { Transition } from './tracker.ts';

interface Reached {
  readonly reached: number | null;
  readonly budgetLeft: number | null;
  /** Length of the objective's window, as text. */
  readonly window: string;
}

export function statusText(spec: ObjectiveSpec, { reached, budgetLeft, window }: Reached): string {
  const asked = `${percent(spec.target)} ${whatOf(spec)} over ${window}`;
  if (reached === null || budgetLeft === null) return `asked: ${asked}; nothing was counted yet`;
  const budget =
    budgetLeft > 0 ? `${percent(budgetLeft, 0)} of the error budget is left` : 'the error budget is used up';
  return `asked: ${asked}; reached: ${percent(reached)}; ${budget}`;
}

function whatOf(spec: ObjectiveSpec): string {
  if (spec.kind === 'completeness') {
    return spec.of === 'windows' ? 'of the windows of the ledger balanced' : 'of the events neither lost nor doubled';
  }
  const where = spec.stage === undefined ? '' : ` at ${spec.stage}`;
  return `of the seconds fresh within ${spec.withinSeconds} s${where}`;
}

/** `text` and `next` of an alert. */
export function alertTexts(
  pipeline: string,
  name: string,
  spec: ObjectiveSpec,
  { severity, to, by }: Transition,
): { readonly text: string; readonly next: string } {
  const next =
    spec.kind === 'freshness'
      ? `Run \`millrace lag ${pipeline}\`: it names the hop that holds the others up.`
      : `Run \`millrace ledger ${pipeline}\`: it names the window and the stage.`;
  if (to === 'resolved' || by === undefined) {
    return { text: `${pipeline}: objective "${name}" holds again (${what(spec)}).`, next: 'Nothing.' };
  }
  const rates = `${times(by.long)} over ${by.longText}, ${times(by.short)} over ${by.shortText}`;
  const urgency = severity === 'page' ? 'now' : 'within a day';
  return {
    text: `${pipeline}: objective "${name}" (${what(spec)}) uses its error budget ${rates} as fast as it may. It needs somebody ${urgency}.`,
    next,
  };
}

function what(spec: ObjectiveSpec): string {
  return `${percent(spec.target)} ${whatOf(spec)}`;
}

function times(burn: number): string {
  return `${burn >= 10 ? Math.round(burn) : Math.round(burn * 10) / 10} times`;
}

/** As many digits as the share needs to differ from 100 %. */
function percent(share: number, digits = 4): string {
  return `${Number((share * 100).toFixed(digits))} %`;
}
