/** How OTLP leaves: `OTEL_EXPORTER_OTLP_[TRACES_|METRICS_]PROTOCOL`. `grpc` is not spoken, which is said once. */
export type OtlpProtocol = 'http/protobuf' | 'http/json';

const said = new Set<string>();

/** Of what is not spoken, `otherwise`; `warn` gets one line for each variable and value, in the life of the process. */
export function otlpProtocolOf(
  signal: 'TRACES' | 'METRICS',
  env: NodeJS.ProcessEnv,
  otherwise: OtlpProtocol,
  warn: (line: string) => void = (line) => console.warn(line),
): OtlpProtocol {
  const own = `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`;
  const name = env[own] ? own : 'OTEL_EXPORTER_OTLP_PROTOCOL';
  const asked = env[name]?.trim().toLowerCase() ?? '';
  if (asked === 'http/json' || asked === 'http/protobuf') return asked;
  const used = asked === '' ? otherwise : 'http/protobuf';
  const key = `${name}=${asked}`;
  if (asked !== '' && !said.has(key)) {
    said.add(key);
    warn(
      `${key.slice(0, 100)} is not spoken here: ${signal.toLowerCase()} are sent by ${used}. Point the endpoint to the collector's HTTP port (4318), or set the variable to http/protobuf or http/json.`,
    );
  }
  return used;
}
