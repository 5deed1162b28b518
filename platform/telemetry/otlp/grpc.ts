/** OTLP over gRPC (https://opentelemetry.io/docs/specs/otlp/#otlpgrpc): Export of the three services, by their protobuf bytes. */
import {
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { fail } from '../../errors.ts';
import type { TelemetryStore } from '../store/contract.ts';
import type { Signal } from './fields.ts';
import { forwardedHeader } from './forward.ts';
import { isBearer, maxBodyBytes, type OtlpOptions } from './http.ts';
import { encodeResponse, receive } from './receive.ts';

export interface OtlpGrpcOptions extends OtlpOptions {
  /** `127.0.0.1`. */
  readonly address: string;
  /** 4317 is the standard's; 0 for one that is free. */
  readonly port: number;
}

export interface OtlpGrpc {
  readonly port: number;
  /** Ends the calls that are under way within a second. */
  close(): Promise<void>;
}

const services: Readonly<Record<Signal, string>> = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
};

/** Throws OTLP_NOT_LISTENING when it can't listen there. */
export async function createOtlpGrpc(store: TelemetryStore, options: OtlpGrpcOptions): Promise<OtlpGrpc> {
  const server = new Server({ 'grpc.max_receive_message_length': maxBodyBytes, 'grpc.max_concurrent_streams': 64 });
  for (const [signal, service] of Object.entries(services) as [Signal, string][])
    server.addService(definitionOf(service), { Export: exportCall(signal, store, options) });
  const { address, port: asked } = options;
  const host = address.includes(':') ? `[${address}]` : address;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${asked}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  }).catch((thrown: Error) => fail('OTLP_NOT_LISTENING', { address, port: asked, reason: thrown.message }, thrown));
  return { port, close: () => shutDown(server) };
}

/** Requests and answers are bytes: receive.ts reads and makes them. */
function definitionOf(service: string): ServiceDefinition {
  const bytes = (value: Buffer) => value;
  return {
    Export: {
      path: `/${service}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    },
  };
}

function exportCall(signal: Signal, store: TelemetryStore, options: OtlpOptions): handleUnaryCall<Buffer, Buffer> {
  return ({ request, metadata }, callback) => {
    const { token, forward } = options;
    if (token !== undefined && !isBearer(firstOf(metadata, 'authorization'), token)) {
      callback({ code: status.UNAUTHENTICATED, details: 'the token is missing or wrong' });
      return;
    }
    const received = receive(store, signal, 'protobuf', request);
    // UNAVAILABLE is what a sender tries again without being told when.
    if (received.kind === 'full') callback({ code: status.UNAVAILABLE, details: 'the store is behind' });
    else if (received.kind === 'malformed') callback({ code: status.INVALID_ARGUMENT, details: received.reason });
    else {
      if (firstOf(metadata, forwardedHeader) === undefined)
        forward?.forward({ signal, contentType: 'application/x-protobuf', body: request });
      callback(null, encodeResponse(signal, 'protobuf', received.rejected, received.reason));
    }
  };
}

function firstOf(metadata: Metadata, key: string): string | undefined {
  return metadata.get(key)[0]?.toString();
}

async function shutDown(server: Server): Promise<void> {
  const timer = setTimeout(() => server.forceShutdown(), 1000);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(timer);
}
