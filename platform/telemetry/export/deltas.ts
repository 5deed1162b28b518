/** Cumulative points as differences, for receivers that want them so (`OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`). */
import { histogramSince } from '../pathway/histogram.ts';
import { metrics } from './metrics.ts';
import type { Point } from './points.ts';

/** A series that was not seen for so many collections is forgotten: its task may only not have answered. */
const keptCollections = 60;

interface Last {
  readonly point: Point;
  readonly atMs: number;
  seenAt: number;
}

export class Deltas {
  readonly #last = new Map<string, Last>();
  #collections = 0;

  /** Gauges as they are; of sums and histograms what was added since they were last given here. */
  of(points: readonly Point[], nowMs: number): readonly Point[] {
    this.#collections += 1;
    const found = points.map((point) => (metrics[point.metric].type === 'gauge' ? point : this.#since(point, nowMs)));
    for (const [key, { seenAt }] of this.#last) {
      if (this.#collections - seenAt > keptCollections) this.#last.delete(key);
    }
    return found;
  }

  #since(point: Point, nowMs: number): Point {
    const key = JSON.stringify([point.metric, point.attributes]);
    const last = this.#last.get(key);
    this.#last.set(key, { point, atMs: nowMs, seenAt: this.#collections });
    // Of a process that has started anew everything is new.
    if (last === undefined || last.point.startMs !== point.startMs) return point;
    const startMs = last.atMs;
    if ('histogram' in point && 'histogram' in last.point) {
      return { ...point, startMs, histogram: histogramSince(last.point.histogram, point.histogram) };
    }
    if (!('value' in point) || !('value' in last.point)) return point;
    const added = point.value - last.point.value;
    return { ...point, startMs, value: added < 0 ? point.value : added };
  }
}
