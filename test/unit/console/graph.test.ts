import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dashMs, strokeWidth } from '../../../platform/console/app/pages/pipeline/graph/motion.ts';
import { neighbour } from '../../../platform/console/app/pages/pipeline/graph/neighbours.ts';
import { middleOf, plainPath, roundedPath } from '../../../platform/console/app/pages/pipeline/graph/paths.ts';
import { placeOf } from '../../../platform/console/app/pages/pipeline/graph/places.ts';
import { quickLayout } from '../../../platform/console/app/pages/pipeline/graph/quickLayout.ts';
import { type Shape, shapeOf } from '../../../platform/console/app/pages/pipeline/graph/shape.ts';
import { chosenOf, guiltyOf, slowestOf, stagesOf } from '../../../platform/console/app/pages/pipeline/graph/stages.ts';
import {
  farScale,
  fitAll,
  lookAt,
  readableScale,
  restOf,
  reveal,
  slide,
  visible,
  zoom,
} from '../../../platform/console/app/pages/pipeline/graph/view.ts';
import { graphOf, summaries } from '../../fixtures/console/world.ts';

const anyShape = fc
  .integer({ min: 1, max: 40 })
  .chain((count) => {
    const node = fc.integer({ min: 0, max: count - 1 });
    return fc.tuple(fc.constant(count), fc.array(fc.tuple(node, node), { maxLength: 80 }));
  })
  .map(([count, pairs]): Shape => {
    const edges = pairs.map(([from, to], at) => ({ id: `e${at}`, from: `n${from}`, to: `n${to}`, labelled: false }));
    return { key: '', nodes: Array.from({ length: count }, (_, at) => `n${at}`), edges };
  });

describe('the quick layout', () => {
  it('gives each box a place of its own and each edge a line, with cycles and loops, too', () => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        const { boxes, lines, width, height } = quickLayout(shape);
        const all = [...boxes.values()];
        expect(boxes.size).toBe(shape.nodes.length);
        expect(lines.size).toBe(shape.edges.length);
        for (const [at, one] of all.entries()) {
          expect(one.x >= 0 && one.y >= 0 && one.x + one.width <= width && one.y + one.height <= height).toBe(true);
          const apart = (other: typeof one) =>
            Math.abs(one.x - other.x) >= one.width || Math.abs(one.y - other.y) >= one.height;
          expect(all.slice(at + 1).every(apart)).toBe(true);
        }
      }),
    );
  });

  it('leads from left to right where there is no cycle', () => {
    const acyclic = anyShape.map((shape) => ({
      ...shape,
      edges: shape.edges.filter(({ from, to }) => Number(from.slice(1)) < Number(to.slice(1))),
    }));
    fc.assert(
      fc.property(acyclic, (shape) => {
        const { boxes } = quickLayout(shape);
        expect(shape.edges.every(({ from, to }) => boxes.get(from)!.x < boxes.get(to)!.x)).toBe(true);
      }),
    );
  });
});

describe('a graph', () => {
  const graph = graphOf(summaries[1]!);

  it('keeps its shape when only measures change, and leaves out edges that lead nowhere', () => {
    const faster = { ...graph, edges: graph.edges.map((edge) => ({ ...edge, ratePerSecond: 1 })) };
    expect(shapeOf(faster).key).toBe(shapeOf(graph).key);
    const broken = { ...graph, nodes: graph.nodes.slice(1) };
    expect(shapeOf(broken).edges).toHaveLength(graph.edges.length - 1);
    expect(shapeOf(broken).key).not.toBe(shapeOf(graph).key);
  });

  it('knows the hop of a node and of an edge, and the one that is behind', () => {
    expect(chosenOf(graph, 'flow:store-severe')?.stage).toBe('store-severe');
    expect(chosenOf(graph, 'topic:severe-delays>flow:store-severe')?.node?.id).toBe('flow:store-severe');
    expect(chosenOf(graph, 'topic:flights')?.stage).toBeUndefined();
    expect(chosenOf(graph, 'gone')).toBeUndefined();
    expect(guiltyOf(graph)?.stage).toBe('store-severe');
    expect(guiltyOf(graphOf(summaries[0]!))).toBeUndefined();
    // Of records whose time nobody knows the number counts.
    const undated = (lagRecords: number) => ({
      ...graph,
      edges: graph.edges.map((edge) =>
        edge.stage === 'board' ? { ...edge, lagSeconds: null, lagRecords, ratePerSecond: 10 } : edge,
      ),
    });
    expect([51, 49].map((records) => guiltyOf(undated(records))?.stage)).toEqual(['board', 'store-severe']);
  });

  it('has each stage once, with the edge at which it is measured', () => {
    const [first] = graph.edges.filter(({ stage, latency }) => stage !== null && latency !== null);
    const unmeasured = { ...first!, id: 'out', latency: null };
    const doubled = { ...graph, edges: [unmeasured, ...graph.edges, { ...unmeasured, id: 'more' }] };
    const stages = stagesOf(doubled).map(({ stage }) => stage);
    expect(new Set(stages).size).toBe(stages.length);
    expect(stagesOf(doubled).find(({ stage }) => stage === first!.stage)?.edge.latency).not.toBeNull();
  });

  it('knows its slowest hop by the p99, when any is measured', () => {
    const p99s = graph.edges.map(({ latency }) => latency?.p99Ms ?? 0);
    expect(slowestOf(graph)?.edge.latency?.p99Ms).toBe(Math.max(...p99s));
    const unmeasured = { ...graph, edges: graph.edges.map((edge) => ({ ...edge, latency: null })) };
    expect(slowestOf(unmeasured)).toBeUndefined();
  });

  it('has a place for what is chosen: of a hop its measures, with the box that it leads to where that is near', () => {
    const shape = shapeOf(graph);
    const layout = quickLayout(shape);
    const hop = 'topic:severe-delays>flow:store-severe';
    const box = layout.boxes.get('flow:store-severe')!;
    const holds = (outer: typeof box) =>
      outer.x <= box.x && outer.y <= box.y && outer.x + outer.width >= box.x + box.width;
    expect(placeOf(shape, layout, 'flow:store-severe')).toBe(box);
    const near = { ...layout, labels: new Map([[hop, { x: box.x - 80, y: box.y }]]) };
    expect(holds(placeOf(shape, near, hop)!)).toBe(true);
    expect(placeOf(shape, near, hop)!.x).toBe(box.x - 80 - 45);
    const far = { ...layout, labels: new Map([[hop, { x: box.x - 2000, y: box.y }]]) };
    expect(placeOf(shape, far, hop)).toEqual({ x: box.x - 2045, y: box.y - 19, width: 90, height: 38 });
    expect([placeOf(shape, layout, 'gone'), placeOf(shape, layout, undefined)]).toEqual([undefined, undefined]);
  });

  it('is walked along its edges', () => {
    const shape = shapeOf(graph);
    const layout = quickLayout(shape);
    expect(neighbour(shape, layout, 'feed:feed', 'ArrowRight')).toBe('ingress:ingress');
    expect(neighbour(shape, layout, 'feed:feed', 'ArrowLeft')).toBeUndefined();
    const below = neighbour(shape, layout, 'job:severe-delays', 'ArrowDown');
    expect(layout.boxes.get(below!)!.y).toBeGreaterThan(layout.boxes.get('job:severe-delays')!.y);
  });
});

describe('the view', () => {
  const frame = { width: 800, height: 400 };
  const point = {
    x: fc.double({ min: -500, max: 500, noNaN: true }),
    y: fc.double({ min: -500, max: 500, noNaN: true }),
  };

  it('shows the whole graph when it is fitted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 5000 }), (width, height) => {
        const { scale, x, y } = fitAll({ width, height }, frame);
        expect(x).toBeGreaterThanOrEqual(-1e-6);
        expect(y).toBeGreaterThanOrEqual(-1e-6);
        expect(width * scale).toBeLessThanOrEqual(frame.width + 1e-6);
        expect(height * scale).toBeLessThanOrEqual(frame.height + 1e-6);
      }),
    );
  });

  it('keeps the point under the pointer where it is when it zooms', () => {
    fc.assert(
      fc.property(fc.record(point), fc.double({ min: 0.2, max: 5, noNaN: true }), (at, factor) => {
        const view = { scale: 0.7, x: 30, y: -12 };
        const next = zoom(view, factor, at);
        expect((at.x - next.x) / next.scale).toBeCloseTo((at.x - view.x) / view.scale, 6);
        expect((at.y - next.y) / next.scale).toBeCloseTo((at.y - view.y) / view.scale, 6);
      }),
    );
  });

  const anyGraph = fc.record({
    width: fc.integer({ min: 200, max: 9000 }),
    height: fc.integer({ min: 80, max: 5000 }),
  });

  it('at rest never shows a graph of some nodes as bare boxes; a large one always whole', () => {
    fc.assert(
      fc.property(anyGraph, (graph) => {
        const whole = fitAll(graph, frame);
        const rest = restOf(graph, frame, false);
        expect(rest.scale).toBeGreaterThanOrEqual(farScale);
        if (whole.scale >= farScale) expect(rest).toEqual(whole);
        expect(restOf(graph, frame, true)).toEqual(whole);
      }),
    );
    expect(restOf({ width: 4000, height: 300 }, frame, false)).toMatchObject({ scale: readableScale, x: 0 });
  });

  it('shows what is looked at whole and readable, from wherever it was, and then stays', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const views = fc.record({ ...point, scale: fc.double({ min: 0.04, max: 1.2, noNaN: true }) });
    fc.assert(
      fc.property(anyGraph, views, share, share, (graph, view, right, down) => {
        const box = { x: right * (graph.width - 152), y: down * (graph.height - 48), width: 152, height: 48 };
        const next = lookAt(view, box, graph, frame);
        expect(next.scale).toBe(Math.max(view.scale, readableScale));
        const [left, top] = [box.x * next.scale + next.x, box.y * next.scale + next.y];
        expect(left).toBeGreaterThanOrEqual(-1e-6);
        expect(top).toBeGreaterThanOrEqual(-1e-6);
        expect(left + box.width * next.scale).toBeLessThanOrEqual(frame.width + 1e-6);
        expect(top + box.height * next.scale).toBeLessThanOrEqual(frame.height + 1e-6);
      }),
    );
  });

  it('slides as far as something is hidden, and no farther', () => {
    const graph = { width: 1000, height: 300 };
    const view = { scale: 1, x: 0, y: 5 };
    expect(slide(view, -150, graph, frame)).toEqual({ ...view, x: -150 });
    expect(slide(view, -900, graph, frame)).toEqual({ ...view, x: -200 });
    expect(slide(view, 10, graph, frame)).toBeUndefined();
    expect(slide({ ...view, scale: 0.5 }, -10, graph, frame)).toBeUndefined();
  });

  it('draws what can be seen, and moves no more than it must', () => {
    const layout = quickLayout(shapeOf(graphOf(summaries[0]!)));
    const all = visible(layout, fitAll(layout, frame), frame);
    expect(all.nodes.size).toBe(19);
    const near = visible(layout, { scale: 1, x: 0, y: 0 }, { width: 100, height: 400 });
    expect(near.nodes.size).toBeLessThan(3);
    const box = { x: 5000, y: 10, width: 100, height: 50 };
    const moved = reveal({ scale: 1, x: 0, y: 0 }, box, frame);
    expect(moved.x + 5100).toBe(frame.width - 24);
    expect(reveal(moved, box, frame)).toEqual(moved);
  });
});

describe('lines', () => {
  it('bend round their corners and have a middle', () => {
    const corner = [
      { x: 0, y: 0 },
      { x: 20, y: 0 },
      { x: 20, y: 20 },
    ];
    expect(roundedPath(corner)).toBe('M0 0L10 0Q20 0 20 10L20 20');
    expect(plainPath(corner)).toBe('M0 0L20 0L20 20');
    expect(middleOf(corner)).toEqual({ x: 20, y: 0 });
    expect(roundedPath([])).toBe('');
  });

  it('move faster and are thicker with the rate, and stand without one', () => {
    const rates = [0.1, 1, 10, 1000, 100_000];
    const turns = rates.map((rate) => dashMs(rate)!);
    expect([...turns].sort((one, other) => other - one)).toEqual(turns);
    expect(new Set(turns).size).toBe(rates.length);
    expect([dashMs(0), dashMs(null)]).toEqual([undefined, undefined]);
    expect(strokeWidth(100_000)).toBeGreaterThan(strokeWidth(10));
  });
});
