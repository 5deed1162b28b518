/** Size of an element, and the view on the graph in it: by mouse, wheel, fingers and buttons. */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Layout, Point } from './shape.ts';
import { fitAll as fitTo, type Size, type View, zoom } from './view.ts';

export interface Frame {
  readonly size: Size;
  readonly view: View;
  readonly setView: (change: (view: View) => View) => void;
  readonly zoomBy: (factor: number) => void;
  readonly fitAll: () => void;
}

export function useFrame(element: RefObject<HTMLElement | null>, layout: Layout): Frame {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [view, setView] = useState<View>();
  const fitted = fitTo(layout, size);

  useLayoutEffect(() => {
    const frame = element.current;
    if (frame === null) return;
    const measure = () => setSize({ width: frame.clientWidth, height: frame.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(frame);
    return () => observer.disconnect();
  }, [element]);

  const latest = useRef(fitted);
  latest.current = fitted;
  const change = useCallback((next: (view: View) => View) => setView((view) => next(view ?? latest.current)), []);
  useWheel(element, change);
  usePan(element, change);
  return {
    size,
    // Until somebody moves it, the whole graph is seen, whatever happens to the frame.
    view: view ?? fitted,
    setView: change,
    zoomBy: (factor) => change((view) => zoom(view, factor, { x: size.width / 2, y: size.height / 2 })),
    fitAll: () => setView(undefined),
  };
}

type Change = (next: (view: View) => View) => void;

/** With Ctrl or Command it zooms (a pinch on a trackpad comes as that); else the page scrolls as always. */
function useWheel(element: RefObject<HTMLElement | null>, change: Change): void {
  useEffect(() => {
    const frame = element.current;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, top } = frame!.getBoundingClientRect();
      const at = { x: event.clientX - left, y: event.clientY - top };
      change((view) => zoom(view, Math.exp(-event.deltaY / 300), at));
    };
    frame?.addEventListener('wheel', onWheel, { passive: false });
    return () => frame?.removeEventListener('wheel', onWheel);
  }, [element, change]);
}

function usePan(element: RefObject<HTMLElement | null>, change: Change): void {
  useEffect(() => {
    const frame = element.current;
    if (frame === null) return;
    let last: Point | undefined;
    const onDown = (event: PointerEvent) => {
      if (event.button !== 0 || (event.target as Element).closest('[role="button"], button') !== null) return;
      last = { x: event.clientX, y: event.clientY };
      frame.setPointerCapture(event.pointerId);
    };
    const onMove = (event: PointerEvent) => {
      if (last === undefined) return;
      const by = { x: event.clientX - last.x, y: event.clientY - last.y };
      last = { x: event.clientX, y: event.clientY };
      change((view) => ({ ...view, x: view.x + by.x, y: view.y + by.y }));
    };
    const onUp = () => {
      last = undefined;
    };
    frame.addEventListener('pointerdown', onDown);
    frame.addEventListener('pointermove', onMove);
    frame.addEventListener('pointerup', onUp);
    frame.addEventListener('pointercancel', onUp);
    return () => {
      frame.removeEventListener('pointerdown', onDown);
      frame.removeEventListener('pointermove', onMove);
      frame.removeEventListener('pointerup', onUp);
      frame.removeEventListener('pointercancel', onUp);
    };
  }, [element, change]);
}
