/** Lines as SVG paths. Pure. */
import type { Point } from './shape.ts';

/** Corners are rounded by `radius`, less where the way between two is short. */
export function roundedPath(points: readonly Point[], radius = 10): string {
  const [first, ...rest] = points;
  if (first === undefined || rest.length === 0) return '';
  const parts = [`M${text(first)}`];
  for (const [at, corner] of rest.entries()) {
    const next = rest[at + 1];
    const before = points[at]!;
    if (next === undefined) {
      parts.push(`L${text(corner)}`);
      continue;
    }
    const bend = Math.min(radius, distance(before, corner) / 2, distance(corner, next) / 2);
    parts.push(`L${text(towards(corner, before, bend))}Q${text(corner)} ${text(towards(corner, next, bend))}`);
  }
  return parts.join('');
}

/** Straight from corner to corner: for the far view, where many lines are one path. */
export function plainPath(points: readonly Point[]): string {
  return points.map((point, at) => `${at === 0 ? 'M' : 'L'}${text(point)}`).join('');
}

/** The point half way along the line. */
export function middleOf(points: readonly Point[]): Point {
  let left = points.reduce((sum, point, at) => sum + (at === 0 ? 0 : distance(points[at - 1]!, point)), 0) / 2;
  for (const [at, point] of points.entries()) {
    const next = points[at + 1];
    if (next === undefined) return point;
    const length = distance(point, next);
    if (left <= length) return towards(point, next, left);
    left -= length;
  }
  return { x: 0, y: 0 };
}

function towards(from: Point, to: Point, by: number): Point {
  const length = distance(from, to);
  const share = length === 0 ? 0 : by / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function distance(one: Point, other: Point): number {
  return Math.hypot(other.x - one.x, other.y - one.y);
}

function text({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
}
