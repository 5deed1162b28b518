/** The layout of a shape: the quick one at once where ELK takes long, ELK's as soon as its worker has it. */
import ELK from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import { useEffect, useMemo, useState } from 'react';
import { elkInput, layoutOfElk } from './elkGraph.ts';
import { quickLayout } from './quickLayout.ts';
import type { Layout, Shape } from './shape.ts';

export interface CurrentLayout {
  readonly layout: Layout;
  /** ELK's, and not the one for the first moment. */
  readonly final: boolean;
}

/** `shape` must be kept by the caller while its key stays the same. */
export function useLayout(shape: Shape): CurrentLayout {
  const first = useMemo(() => quickLayout(shape), [shape]);
  const [done, setDone] = useState<{ readonly shape: Shape; readonly layout: Layout }>();

  useEffect(() => {
    let worker: Worker | undefined;
    // A worker for each layout: ELK has no other way to be called off.
    const elk = new ELK({
      workerFactory: () => {
        worker = new Worker(workerUrl);
        return worker;
      },
    });
    elk.layout(elkInput(shape)).then(
      (root) => setDone({ shape, layout: layoutOfElk(root) }),
      (error: unknown) => console.warn('The layout failed; the quick one stays.', error),
    );
    return () => worker?.terminate();
  }, [shape]);

  return done?.shape === shape ? { layout: done.layout, final: true } : { layout: first, final: false };
}
