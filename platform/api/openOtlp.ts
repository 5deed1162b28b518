/** Where other processes send telemetry to: OTLP over HTTP on the API's port, and over gRPC on a port of its own. */
import type { FastifyPluginAsync } from 'fastify';
import type { Forwarder } from '../telemetry/otlp/forward.ts';
import { createOtlpGrpc } from '../telemetry/otlp/grpc.ts';
import { createOtlpHttp } from '../telemetry/otlp/http.ts';
import type { TelemetryStore } from '../telemetry/store/contract.ts';

export interface OtlpSettings {
  readonly store: TelemetryStore;
  /** What senders must bring as a bearer: the API's. */
  readonly token: string;
  readonly port: number;
  /** To another back end, where one is named; `close` closes it. */
  readonly forward: Forwarder | undefined;
  readonly log: (message: string) => void;
}

const forwardedWithinMs = 2000;

/** A port that can't be had is told in the log: HTTP and everything else goes on. */
export async function openOtlp({ store, token, port, forward, log }: OtlpSettings): Promise<{
  readonly http: FastifyPluginAsync;
  close(): Promise<void>;
}> {
  const grpc = await createOtlpGrpc(store, { address: '127.0.0.1', port, token, forward }).catch((error: Error) => {
    log(error.message);
    return undefined;
  });
  return {
    http: createOtlpHttp(store, { token, forward }),
    async close() {
      await grpc?.close();
      await forward?.close(forwardedWithinMs);
    },
  };
}
