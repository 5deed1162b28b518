/** What an activity throws, in the shape that workflows carry. */
import { expect, test } from '@jest/globals';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { failureOf } from '../../../platform/activities/running.ts';
import { MillraceError } from '../../../platform/errors.ts';

test('a row of the error table is tried again only where it says so, a taken port only for a while', () => {
  const refused = new MillraceError('SERVER_REFUSED', { framework: 'kafka', action: 'x', reason: 'y' });
  expect(failureOf(refused, 1)).toMatchObject({ type: 'SERVER_REFUSED', nonRetryable: true });
  const taken = new MillraceError('PORT_TAKEN', { port: 1, address: 'a', owner: 'x', task: 't' });
  expect(failureOf(taken, 1)).toMatchObject({ type: 'PORT_TAKEN', nonRetryable: false });
  expect(failureOf(taken, 5)).toMatchObject({ type: 'PORT_TAKEN', nonRetryable: true, details: [taken.toJSON()] });
});

test('an error that is not in the table is tried a few times', () => {
  expect(failureOf(new Error('cut'), 1)).toMatchObject({ type: 'INTERNAL', nonRetryable: false });
  expect(failureOf(new Error('cut'), 5)).toMatchObject({ type: 'INTERNAL', nonRetryable: true });
});

test('what an installation failed with is what the step that asked for it fails with', () => {
  const cause = ApplicationFailure.create({ type: 'WRONG_IDENTITY', message: 'not ours', nonRetryable: true });
  expect(failureOf(new WorkflowUpdateFailedError('Workflow Update failed', cause), 1)).toBe(cause);
});

test('a cancellation stays one', () => {
  const cancelled = new CancelledFailure('CANCELLED');
  expect(failureOf(cancelled, 1)).toBe(cancelled);
});
