import type { Page } from 'playwright-core';

/** What needs two dimensions, and may scroll in a frame of its own. */
const frames = '.table-frame, .graph, .waterfall';

/** A line for each thing that is wider than the page, or scrolls sideways, outside of such a frame. */
export function sidewaysOf(page: Page): Promise<readonly string[]> {
  return page.evaluate((frames) => {
    const widthPx = document.documentElement.clientWidth;
    const nameOf = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} "${(element.textContent ?? '').trim().slice(0, 40)}"`;
    const found: string[] = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > widthPx) found.push(`the page is ${scrollWidth} px wide`);
    /** The end of a line that is cut with dots, which its details have whole. */
    const isCut = (element: Element) => {
      for (let each: Element | null = element; each !== null; each = each.parentElement)
        if (getComputedStyle(each).textOverflow === 'ellipsis') return true;
      return false;
    };
    for (const element of document.querySelectorAll('body *')) {
      const inner = element.closest(frames);
      if (inner !== null && inner !== element) continue;
      const { left, right, width } = element.getBoundingClientRect();
      const { overflowX, clipPath } = getComputedStyle(element);
      const isHidden = width <= 1 || clipPath !== 'none' || !element.checkVisibility({ visibilityProperty: true });
      if (isHidden || element.closest('.sr-only') !== null) continue;
      if ((right > widthPx + 1 || left < -1) && !isCut(element)) found.push(`outside: ${nameOf(element)}`);
      if (inner === null && /auto|scroll/.test(overflowX) && element.scrollWidth > element.clientWidth + 1)
        found.push(`scrolls: ${nameOf(element)}`);
    }
    return found.slice(0, 12);
  }, frames);
}
