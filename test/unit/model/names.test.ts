import { expect, test } from '@jest/globals';
import { physical } from '../../../platform/model/names.ts';

test('a keyspace has no dash, because CQL takes none unquoted', () => {
  expect(physical.keyspace('flight-delays')).toBe('flight_delays');
});
