/** What a preview answers, read out of the JSON that `millrace plan --json` prints: a plan's parts, or a refusal's reasons. */

export interface ReasonNode {
  readonly ok: boolean;
  readonly text: string;
  readonly children: readonly ReasonNode[];
}
export interface RefusalView {
  readonly summary: string;
  readonly reason: ReasonNode;
  readonly help: string;
}
export interface PlanView {
  readonly pipeline: string;
  readonly revision: number | null;
  /** Against the revision before; null: it is not there. */
  readonly parameters: readonly {
    readonly name: string;
    readonly from: string | null;
    readonly to: string | null;
    readonly toDefault: boolean;
  }[];
  readonly changes: readonly {
    readonly bucket: string;
    readonly kind: string;
    readonly name: string;
    readonly why: string;
  }[];
  readonly data: readonly {
    readonly effect: string;
    readonly kind: string;
    readonly name: string;
    readonly text: string;
  }[];
  readonly phases: readonly { readonly name: string; readonly steps: readonly string[] }[];
}

type Json = Readonly<Record<string, unknown>>;

export function refusalOf(plan: unknown): RefusalView | undefined {
  const refusal = objectOf(plan);
  if (refusal.refused !== true) return undefined;
  return { summary: text(refusal.summary), reason: reasonOf(refusal.reason, 0), help: text(refusal.help) };
}

/** Frameworks' own phases come first: they are brought up before the pipeline's parts. */
export function planOf(plan: unknown): PlanView {
  const from = objectOf(plan);
  const phasesOf = (value: unknown, prefix: string) =>
    list(value).map((each) => {
      const phase = objectOf(each);
      return {
        name: `${prefix}${text(phase.name)}`,
        steps: list(phase.steps).map((step) => text(objectOf(step).label)),
      };
    });
  const frameworks = list(from.frameworks).flatMap((each) => {
    const framework = objectOf(each);
    return phasesOf(framework.phases, `${text(framework.framework)}: `);
  });
  return {
    pipeline: text(from.pipeline),
    revision: typeof from.revision === 'number' ? from.revision : null,
    parameters: list(from.parameterChanges).map((each) => {
      const { name, from: before, to, toDefault } = objectOf(each);
      const value = (one: unknown) => (one === null || one === undefined ? null : text(one));
      return { name: text(name), from: value(before), to: value(to), toDefault: toDefault === true };
    }),
    changes: list(from.changes).map((each) => {
      const { bucket, kind, name, why } = objectOf(each);
      return { bucket: text(bucket), kind: text(kind), name: text(name), why: text(why) };
    }),
    data: list(from.data).map((each) => {
      const { effect, kind, name, text: told } = objectOf(each);
      return { effect: text(effect), kind: text(kind), name: text(name), text: text(told) };
    }),
    phases: [...frameworks, ...phasesOf(from.phases, '')],
  };
}

/** Deeper than any plan's reasons go. */
const mostLevels = 30;
function reasonOf(value: unknown, level: number): ReasonNode {
  const from = objectOf(value);
  const children = level < mostLevels ? list(from.children).map((child) => reasonOf(child, level + 1)) : [];
  return { ok: from.ok === true, text: text(from.text), children };
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
function text(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : String(value);
}
