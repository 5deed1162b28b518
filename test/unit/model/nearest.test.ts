import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nearestNames, nearestOrAll } from '../../../platform/model/nearest.ts';

const parameters = ['ratePerSecond', 'partitions', 'latenessMinutes', 'brokers'];
const names: readonly [string, readonly string[], readonly string[]][] = [
  ['ratePerSecnd', parameters, ['ratePerSecond']],
  ['rate', parameters, ['ratePerSecond']],
  ['second', parameters, ['ratePerSecond']],
  ['PerSecond', parameters, ['ratePerSecond']],
  ['broker', parameters, ['brokers']],
  ['delays', ['flight-delays', 'kafka'], ['flight-delays']],
  ['status-of-all', ['status', 'stop'], ['status']],
  ['api', ['flight-delays.api.0', 'flight-delays.sinks.0'], ['flight-delays.api.0']],
  // What differs in a letter comes before what holds it.
  ['date', ['datePerSecond', 'rate'], ['rate', 'datePerSecond']],
  ['ra', parameters, []],
  ['nosuch', parameters, []],
  ['-_.', parameters, []],
];

test.each(names)('%s of %j', (name, known, nearest) => {
  expect(nearestNames(name, known)).toEqual(nearest);
});

test('in a sentence: the nearest, else all under a name of their own', () => {
  expect(nearestOrAll('statu', ['status', 'deploy'], 'Commands')).toBe('Nearest: status');
  expect(nearestOrAll('foo', ['status', 'deploy'], 'Commands')).toBe('Commands: status, deploy');
  expect(nearestOrAll('foo', [], 'Blueprints')).toBe('Blueprints: none');
});

test('for any names: at most three of those there are, the name itself first where it is one', () => {
  fc.assert(
    fc.property(fc.string(), fc.uniqueArray(fc.string({ minLength: 1 })), (name, known) => {
      const nearest = nearestNames(name, known);
      expect(nearest.length).toBeLessThanOrEqual(3);
      expect(known).toEqual(expect.arrayContaining([...nearest]));
      if (known.includes(name)) expect(nearest.map((each) => each.toLowerCase())[0]).toBe(name.toLowerCase());
    }),
  );
});
