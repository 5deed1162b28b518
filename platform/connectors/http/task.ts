/** The ingress as a task of a pipeline: with its recorder, its health and its orderly end. Called by the process's entry. */
import { createSpanRecorder } from '../../telemetry/recorder.ts';
import { saboteurOf } from '../../telemetry/sabotage.ts';
import { IngressMeter, type StageReport } from '../../telemetry/stageMeter.ts';
import type { NodeTaskConfig } from '../config.ts';
import { stageJournal } from '../stages.ts';
import { createIngress } from './ingress.ts';

export interface IngressTask {
  /** What `/healthz` answers besides the task's name: not ready until Kafka is connected and ours. */
  health(): { readonly ready: boolean; readonly waitingFor: string };
  /** What `/metrics.json` answers: see `IngressCounters`. */
  metrics(): Readonly<Record<string, unknown>>;
  /** What `/stages.json` answers. */
  stages(sinceMs: number): readonly StageReport[];
  /** Takes no more requests, answers those in flight, disconnects, writes the last spans. 15 s at most. */
  stop(): Promise<void>;
}

/** Listens at once on `config.listen.service`, whether Kafka is there or not. Rejects when the port can't be had. */
export async function startIngressTask(
  config: NodeTaskConfig,
  log: (message: string) => void,
  env: NodeJS.ProcessEnv,
): Promise<IngressTask> {
  const service = config.role.kind === 'ingress' ? config.role.service : 'ingress';
  const recorder = createSpanRecorder({
    service: `${config.pipeline}.${service}`,
    instance: config.task,
    spansDir: config.spansDir,
    env,
  });
  const meter = new IngressMeter({ stage: service, kind: 'ingress', journal: stageJournal(config, service, log) });
  const sabotage = saboteurOf(config.sabotage, ['ingress', service]);
  const ingress = createIngress(config, { recorder, meter, log, ...(sabotage === undefined ? {} : { sabotage }) });
  await ingress.start();
  return {
    health() {
      const waitingFor = ingress.waitingFor();
      return { ready: waitingFor === undefined, waitingFor: waitingFor ?? '' };
    },
    metrics: () => ingress.metrics(),
    stages: (sinceMs) => [meter.report(sinceMs)],
    async stop() {
      await ingress.stop();
      meter.close();
      await recorder.shutdown();
    },
  };
}
