/** Size of an element, and the view on the graph in it: by mouse, wheel, fingers, keys and buttons, and by what is chosen. */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Box, Layout, Point } from './shape.ts';
import { fitAll as fitTo, lookAt, readableScale, restOf, reveal, type Size, slide, type View, zoom } from './view.ts';

export interface Frame {
  readonly size: Size;
  readonly view: View;
  /** Moves the view as little as it takes to see the box, as for one that gets the focus. */
  readonly follow: (box: Box) => void;
  readonly zoomBy: (factor: number) => void;
  readonly fitAll: () => void;
}

/** Other than the view at rest. What was not set `byHand` ends with what it was for. */
interface Held {
  readonly view: View;
  readonly byHand: boolean;
}

/** `looked`: what is chosen; it must be the same object as long as it stays where it is. */
export function useFrame(
  element: RefObject<HTMLElement | null>,
  layout: Layout,
  { large, looked }: { readonly large: boolean; readonly looked: Box | undefined },
): Frame {
  const size = useSize(element);
  const [held, setHeld] = useState<Held>();
  // Until somebody moves it or chooses, the graph is seen as at rest, whatever happens to the frame.
  const rest = restOf(layout, size, large);
  const view = held?.view ?? rest;
  const latest = useRef({ rest, layout, size });
  latest.current = { rest, layout, size };
  const before = useRef<View>(undefined);

  useLayoutEffect(() => {
    const { rest } = latest.current;
    const seen = before.current ?? rest;
    setHeld((held) => {
      if (held?.byHand !== true && (looked === undefined || rest.scale >= readableScale)) return undefined;
      if (looked === undefined) return held;
      // The details have taken room from the frame: the scale stays as it was before, if it could be read.
      return moved(held, lookAt(held?.view ?? seen, looked, layout, clear(size)));
    });
  }, [looked, layout, size]);
  useLayoutEffect(() => {
    if (size.width > 0) before.current = view;
  });

  const change = useCallback((next: (view: View) => View | undefined) => {
    setHeld((held) => {
      const view = next(held?.view ?? latest.current.rest);
      return view === undefined ? held : { view, byHand: true };
    });
  }, []);
  useWheel(element, change, latest);
  usePan(element, change);
  return {
    size,
    view,
    follow: useCallback((box) => {
      const { rest, layout, size } = latest.current;
      setHeld((held) => {
        const whole = held === undefined && rest.scale === fitTo(layout, size).scale;
        return whole ? held : moved(held, reveal(held?.view ?? rest, box, clear(size)));
      });
    }, []),
    zoomBy: (factor) => change((view) => zoom(view, factor, { x: size.width / 2, y: size.height / 2 })),
    fitAll: () => {
      const whole = fitTo(layout, size);
      setHeld(whole.scale === rest.scale ? undefined : { view: whole, byHand: true });
    },
  };
}

/** Height of the buttons at the lower edge, with what is around them. */
const toolsPx = 44;
/** The part of the frame in which nothing lies over the graph. */
function clear({ width, height }: Size): Size {
  return { width, height: Math.max(0, height - toolsPx) };
}

function moved(held: Held | undefined, view: View): Held {
  return { view, byHand: held?.byHand ?? false };
}

function useSize(element: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const frame = element.current;
    if (frame === null) return;
    const measure = () => setSize({ width: frame.clientWidth, height: frame.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(frame);
    return () => observer.disconnect();
  }, [element]);
  return size;
}

type Change = (next: (view: View) => View | undefined) => void;
type Latest = { readonly current: { readonly layout: Layout; readonly size: Size } };

/**
 * With Ctrl or Command it zooms (a pinch on a trackpad comes as that); sideways, or with Shift, it moves the graph where some of
 * it is hidden; else the page scrolls as always.
 */
function useWheel(element: RefObject<HTMLElement | null>, change: Change, latest: Latest): void {
  useEffect(() => {
    const frame = element.current;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) {
        if (Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
        event.preventDefault();
        change((view) => slide(view, -event.deltaX, latest.current.layout, latest.current.size));
        return;
      }
      event.preventDefault();
      const { left, top } = frame!.getBoundingClientRect();
      const at = { x: event.clientX - left, y: event.clientY - top };
      change((view) => zoom(view, Math.exp(-event.deltaY / 300), at));
    };
    frame?.addEventListener('wheel', onWheel, { passive: false });
    return () => frame?.removeEventListener('wheel', onWheel);
  }, [element, change, latest]);
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
