/** Delivers an alert for each severe delay: works off the queue `alerts`, and keeps what was delivered for the query service. */
import { createQueueWorker } from '../../../platform/connectors/bullmq/worker.ts';
import { defineService } from '../../../platform/sdk/service.ts';
import { type Alert, recordAlert } from './alertList.ts';

export const service = defineService({
  title: 'Alerts of severe flight delays',
  create({ config, log, redis }) {
    const { pipeline } = config;
    const worker = createQueueWorker(
      config,
      'alerts',
      async ({ id, time, fields }) => {
        const { date, origin, destination, delay_minutes, distance_miles } = fields;
        const flight = { date, origin, destination, delay_minutes, distance_miles };
        await recordAlert(redis(), pipeline, { event_id: id, event_time: time, ...flight } as Alert);
      },
      { log },
    );
    worker.start();
    return {
      waitingFor: () => worker.waitingFor() ?? '',
      stages: () => [worker.report()],
      metrics: () => ({ alerts: worker.counters }),
      stop: () => worker.stop(),
    };
  },
});
