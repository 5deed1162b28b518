/** A real store with both receivers before it, on ports of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { createOtlpGrpc } from '../../../../platform/telemetry/otlp/grpc.ts';
import { createOtlpHttp, type OtlpOptions } from '../../../../platform/telemetry/otlp/http.ts';
import { openTelemetryStore } from '../../../../platform/telemetry/store/open.ts';

export async function startReceivers(options: OtlpOptions = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-otlp-'));
  const store = await openTelemetryStore({ directory });
  const app = fastify();
  await app.register(createOtlpHttp(store, options));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const grpc = await createOtlpGrpc(store, { address: '127.0.0.1', port: 0, ...options });
  return {
    store,
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    grpcPort: grpc.port,
    async close() {
      await grpc.close();
      app.server.closeAllConnections();
      await app.close();
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}
export type Receivers = Awaited<ReturnType<typeof startReceivers>>;
