/** The span of one operation of a workflow: its id is made first, so that all that the operation does can name it as its parent. */
import { proxyActivities, uuid4 } from '@temporalio/workflow';
import type { ErrorJson } from '../errors.ts';
import type { Operation } from '../model/operations.ts';
import type { Activities } from './activities.ts';
import { errorJsonOf } from './failures.ts';

const activities = proxyActivities<Pick<Activities, 'operation.span'>>({
  startToCloseTimeout: '60s',
  retry: { initialInterval: '300ms', backoffCoefficient: 1.6, maximumInterval: '5s' },
});

/**
 * Runs `work` with a trace context of its own, and records its span when it has ended. `endsOperation`: that is the end of the
 * whole operation, which its record then says.
 */
export async function traced<T>(
  name: string,
  request: Operation,
  work: (traceparent: string) => Promise<T>,
  { endsOperation = false } = {},
): Promise<T> {
  const [version, traceId, , flags] = request.traceparent.split('-');
  const spanId = uuid4().replaceAll('-', '').slice(0, 16);
  const startMs = Date.now();
  const record = (failure?: ErrorJson) =>
    activities['operation.span']({
      name,
      traceparent: request.traceparent,
      spanId,
      startMs,
      endMs: Date.now(),
      ...(failure ? { error: failure.code } : {}),
      ...(endsOperation ? { operation: request.id } : {}),
      ...(endsOperation && failure ? { failure } : {}),
    });
  try {
    const result = await work(`${version}-${traceId}-${spanId}-${flags}`);
    await record();
    return result;
  } catch (failure) {
    await record(errorJsonOf(failure));
    throw failure;
  }
}
