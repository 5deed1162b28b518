/** The API's way to the workflows: connected when something is to be changed, and again after it broke. */
import type { ControlPlane } from '../control/start.ts';
import type { Home } from '../home.ts';
import type { SpanRecorder } from '../telemetry/recorder.ts';
import type { Reach } from './reach.ts';

/** Loaded on first use: Temporal's client costs some 40 MB, and who only looks needs none of it. */
export function createWorkflows(
  home: Home,
  recorder: SpanRecorder,
): Pick<Reach, 'handOver' | 'cancel'> & { close(): Promise<void> } {
  let connecting: Promise<ControlPlane> | undefined;
  const plane = () => {
    connecting ??= import('../control/start.ts')
      .then(({ connectControlPlane }) => connectControlPlane(home))
      .catch((error) => {
        connecting = undefined;
        throw error;
      });
    return connecting;
  };
  const forget = async () => {
    const broken = connecting;
    connecting = undefined;
    await broken?.then(({ close }) => close()).catch(() => undefined);
  };
  return {
    async handOver(update, kind, pipeline, request) {
      const [{ handOver }, { checkControlPlane }, messages] = await Promise.all([
        import('../operate/handOver.ts'),
        import('../control/start.ts'),
        import('../workflows/messages.ts'),
      ]);
      const updates = { deploy: messages.deployUpdate, destroy: messages.destroyUpdate, change: messages.changeUpdate };
      try {
        const connected = await plane();
        // It may have ended since: Temporal would keep the update until a worker comes.
        await checkControlPlane(connected.driver);
        const handed = { plane: connected, recorder, pipeline, kind, update: updates[update], request };
        await handOver(handed as never);
        return { operation: request.id };
      } catch (error) {
        await forget();
        throw error;
      }
    },
    async cancel(pipeline, operation) {
      const { cancelSignal, workflowIds } = await import('../workflows/messages.ts');
      const { client } = await plane();
      await client.workflow.getHandle(workflowIds.pipeline(pipeline)).signal(cancelSignal, operation);
    },
    close: forget,
  };
}
