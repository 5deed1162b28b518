import { expect, test } from '@jest/globals';
import { durationText, inStandardWindows, slotMsOf, windowsInSlots } from '../../../platform/objectives/burnWindows.ts';

test('burn rates of an objective over any time stand under the names that alert rules ask for', () => {
  for (const windowHours of [1, 72, 720]) {
    const slotMs = slotMsOf(windowHours);
    const rates = windowsInSlots.map((slots, at): [string, number] => [durationText(slots * slotMs), at]);
    expect(inStandardWindows(Object.fromEntries(rates))).toEqual({
      ...{ '5m': 0, '30m': 1, '1h': 2, '2h': 3, '6h': 4, '1d': 5, '3d': 6 },
    });
  }
});
