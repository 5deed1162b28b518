import { expect, test } from '@jest/globals';
import { jobIdOf } from '../../../platform/connectors/bullmq/queue.ts';
import { deadLetterOf } from '../../../platform/connectors/kafka/deadLetter.ts';
import { rawRecord } from './records.ts';

test('a dead letter keeps key, value and headers as they were, and says why and from where', () => {
  const binary = Buffer.from([0xff, 0xfe]);
  const raw = rawRecord({
    key: null,
    value: null,
    headers: { ce_id: Buffer.from('x'), odd: binary },
    offset: '9',
    partition: 2,
  });
  const letter = deadLetterOf({ raw, reason: 'null-value', detail: 'd'.repeat(900) }, 'store-flights');
  expect(letter).toEqual({
    key: null,
    value: null,
    headers: {
      ce_id: Buffer.from('x'),
      odd: binary,
      'millrace-reason': 'null-value',
      'millrace-detail': 'd'.repeat(500),
      'millrace-flow': 'store-flights',
      'millrace-origin-topic': 'shop.flights',
      'millrace-origin-partition': '2',
      'millrace-origin-offset': '9',
    },
  });
});

test('ids of jobs: no colon, no plain number, different for different events', () => {
  expect(jobIdOf('17')).toBe('event-17');
  expect(jobIdOf('a:b')).toBe('event-a%3Ab');
  expect(jobIdOf('a%3Ab')).not.toBe(jobIdOf('a:b'));
});
