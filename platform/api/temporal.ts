/** The API's way to the workflows: connected when something is to be changed, and again after it broke. */
import type { ControlPlane } from '../control/start.ts';
import type { Home } from '../home.ts';
import type { SpanRecorder } from '../telemetry/recorder.ts';
import type { Reach } from './reach.ts';

interface Connected {
  readonly plane: Promise<ControlPlane>;
  /** Requests that are under way. */
  users: number;
}

/**
 * Loaded on first use: Temporal's client costs some 40 MB, and who only looks needs none of it. `connect`: others in tests.
 */
export function createWorkflows(
  home: Home,
  recorder: SpanRecorder,
  connect: () => Promise<ControlPlane> = async () => (await import('../control/start.ts')).connectControlPlane(home),
): Pick<Reach, 'handOver' | 'cancel'> & { close(): Promise<void> } {
  let current: Connected | undefined;
  /** After a failure the next one connects anew. The former is closed when nobody waits for an answer of it any more. */
  async function withPlane<T>(work: (plane: ControlPlane) => Promise<T>): Promise<T> {
    current ??= { plane: connect(), users: 0 };
    const mine = current;
    mine.users += 1;
    try {
      const plane = await mine.plane;
      // It may have ended since: Temporal would keep what is sent until a worker comes.
      const { checkControlPlane } = await import('../control/start.ts');
      await checkControlPlane(plane.driver);
      return await work(plane);
    } catch (error) {
      if (current === mine) current = undefined;
      throw error;
    } finally {
      mine.users -= 1;
      if (mine !== current && mine.users === 0) await closed(mine);
    }
  }
  return {
    async handOver(update, kind, pipeline, request) {
      const [{ handOver }, messages] = await Promise.all([
        import('../operate/handOver.ts'),
        import('../workflows/messages.ts'),
      ]);
      const updates = { deploy: messages.deployUpdate, destroy: messages.destroyUpdate, change: messages.changeUpdate };
      return await withPlane(async (plane) => {
        const handed = { plane, recorder, pipeline, kind, update: updates[update], request };
        await handOver(handed as never);
        return { operation: request.id };
      });
    },
    async cancel(pipeline, operation) {
      const { cancelOperation } = await import('../operate/handOver.ts');
      await withPlane((plane) => cancelOperation(plane, pipeline, operation));
    },
    async close() {
      const last = current;
      current = undefined;
      if (last !== undefined) await closed(last);
    },
  };
}

async function closed({ plane }: Connected): Promise<void> {
  await plane.then((open) => open.close()).catch(() => undefined);
}
