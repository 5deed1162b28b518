/**
 * What the duration of a trace is made of: at each moment, the deepest span without which the trace would have ended earlier.
 * Walks back from the latest end; a child counts with all that is under it, since a record outlives the request that sent it.
 */
import type { ApiTraceSpan } from '../../../../api/contract/traces.ts';

export interface CriticalSegment {
  readonly spanId: string;
  /** Since the start of the trace. */
  readonly fromMs: number;
  readonly toMs: number;
}
export interface CriticalPath {
  /** In order of time; together with the waits they are the trace's duration. */
  readonly segments: readonly CriticalSegment[];
  readonly spanIds: ReadonlySet<string>;
  /** Of each span, its share of the path in ms. */
  readonly selfMs: ReadonlyMap<string, number>;
}

interface Branch {
  readonly span: ApiTraceSpan;
  readonly startMs: number;
  readonly ownEndMs: number;
  endMs: number;
  readonly children: Branch[];
}

export function criticalPath(spans: readonly ApiTraceSpan[]): CriticalPath {
  const roots = treeOf(spans);
  const segments: CriticalSegment[] = [];
  const endMs = roots.reduce((most, root) => Math.max(most, root.endMs), 0);
  walk(roots, endMs, segments);
  segments.reverse();
  const selfMs = new Map<string, number>();
  for (const { spanId, fromMs, toMs } of segments) selfMs.set(spanId, (selfMs.get(spanId) ?? 0) + toMs - fromMs);
  return { segments, spanIds: new Set(segments.map(({ spanId }) => spanId)), selfMs };
}

/** Time before `atMs`, back to `sinceMs`, that is to be explained by what ran under `parent`. */
interface Open {
  readonly parent: Branch | undefined;
  /** By their end; the latest is taken first. */
  readonly left: Branch[];
  atMs: number;
  readonly sinceMs: number;
}

/**
 * A stack, no recursion: a chain of spans may be of any length. The child that ended last before a moment is what was waited
 * for; one that still ran then was not. Time between children is their parent's own, as long as it ran.
 */
function walk(roots: readonly Branch[], untilMs: number, segments: CriticalSegment[]): void {
  const opened = (parent: Branch | undefined, children: readonly Branch[], atMs: number, sinceMs: number): Open => ({
    parent,
    left: children.toSorted((a, b) => a.endMs - b.endMs),
    atMs,
    sinceMs,
  });
  const stack = [opened(undefined, roots, untilMs, 0)];
  for (let open = stack.at(-1); open !== undefined; open = stack.at(-1)) {
    const next = open.left.pop();
    if (next === undefined) {
      own(open.parent, open.sinceMs, open.atMs, segments);
      stack.pop();
    } else if (next.endMs <= open.atMs && next.endMs > open.sinceMs) {
      own(open.parent, next.endMs, open.atMs, segments);
      open.atMs = Math.max(next.startMs, open.sinceMs);
      stack.push(opened(next, next.children, next.endMs, open.atMs));
    }
  }
}

function own(parent: Branch | undefined, fromMs: number, toMs: number, segments: CriticalSegment[]): void {
  if (parent === undefined) return;
  const from = Math.max(fromMs, parent.startMs);
  const to = Math.min(toMs, parent.ownEndMs);
  if (to > from) segments.push({ spanId: parent.span.spanId, fromMs: from, toMs: to });
}

function treeOf(spans: readonly ApiTraceSpan[]): Branch[] {
  const branches = spans.map((span): Branch => {
    const startMs = Math.max(0, span.offsetMs);
    const ownEndMs = startMs + Math.max(0, span.durationMs);
    return { span, startMs, ownEndMs, endMs: ownEndMs, children: [] };
  });
  const [roots, path]: [Branch[], Branch[]] = [[], []];
  for (const branch of branches) {
    path.length = Math.min(branch.span.depth, path.length);
    const parent = path.at(-1);
    (parent?.children ?? roots).push(branch);
    path.push(branch);
  }
  for (const branch of branches.toReversed())
    for (const child of branch.children) branch.endMs = Math.max(branch.endMs, child.endMs);
  return roots;
}
