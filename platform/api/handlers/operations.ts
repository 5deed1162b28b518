/** Operations as they are seen, and calling one off. */
import { fail } from '../../errors.ts';
import { listOperations, operationView } from '../../operate/operations.ts';
import type { OperationView } from '../contract/control.ts';
import { notFound, type Reach } from '../reach.ts';
import type { Handlers } from './handler.ts';

const listed = 100;

export function operationHandlers(reach: Reach): Pick<Handlers, 'operations' | 'operation' | 'cancelOperation'> {
  const { home } = reach;
  const view = (operation: OperationView) => ({ ...operation, workflowUrl: reach.workflowUrl(operation.pipeline) });
  const operationOf = (id: string) => {
    const found = /^[a-z0-9-]{1,120}$/.test(id) ? operationView(home, id) : undefined;
    if (found !== undefined) return found;
    const known = listOperations(home, listed).map((each) => each.id);
    throw notFound('operation', id, known);
  };
  return {
    operations: () => listOperations(home, listed).map(view),
    operation: ({ params }) => view(operationOf(params.operation ?? '')),
    async cancelOperation({ params }) {
      const { id, pipeline, kind, state } = operationOf(params.operation ?? '');
      if (state !== 'running' || !['deploy', 'scale'].includes(kind)) {
        const reason = state === 'running' ? `a ${kind} can not be rolled back` : `it has ended: ${state}`;
        fail('NOT_SUPPORTED', { what: `Cancelling ${id}`, reason, help: 'Wait for it, or ask for another change.' });
      }
      await reach.cancel(pipeline, id);
      return { operation: id };
    },
  };
}
