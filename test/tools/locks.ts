/** What the tests' tools are pinned to: Go modules by their go.sum, the others by the sums here. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Jar } from '../../platform/artifacts/locks.ts';

export interface GoTool {
  readonly kind: 'go';
  readonly version: string;
  /** Folder here with go.mod and go.sum. */
  readonly folder: string;
  readonly package: string;
  readonly flags?: readonly string[];
}
export interface JarTool {
  readonly kind: 'jar';
  readonly version: string;
  readonly jar: Jar;
}
export interface DebianTool {
  readonly kind: 'debian';
  readonly version: string;
  readonly package: string;
  /** Of the package's file, by Debian's name of the architecture. */
  readonly sha256: Readonly<Record<string, string>>;
}
export type Tool = GoTool | JarTool | DebianTool;

export const tools = {
  /** The OpenTelemetry Collector, of the parts that infra/otel/collector.yaml uses. */
  collector: { kind: 'go', version: '0.155.0', folder: 'collector', package: '.' },
  'victoria-metrics': {
    ...{ kind: 'go', version: '1.122.0', folder: 'victoria-metrics' },
    package: 'github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics',
  },
  /** One version older: a module that later ones need besides can't be had. */
  vmalert: {
    ...{ kind: 'go', version: '1.121.0', folder: 'vmalert' },
    package: 'github.com/VictoriaMetrics/VictoriaMetrics/app/vmalert',
  },
  zipkin: {
    ...{ kind: 'jar', version: '3.6.1' },
    jar: {
      ...{ group: 'io.zipkin', name: 'zipkin-server', version: '3.6.1', classifier: 'exec' },
      ...{
        file: 'zipkin-server-3.6.1-exec.jar',
        bytes: 135_311_706,
        sha256: 'd8326e0ed4f43855dba81228f688554706e52578a7c782d9a90b73f8680654a1',
      },
    },
  },
  /** With promtool. */
  prometheus: {
    ...{ kind: 'debian', version: '2.42.0+ds-5+deb12u1', package: 'prometheus' },
    sha256: { amd64: '81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55' },
  },
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof tools;

/** `tools-collector-0.155.0-0123456789ab`: its directory in the cache. Another pin, another directory. */
export function directoryOf(name: ToolName): string {
  const tool: Tool = tools[name];
  const hash = createHash('sha256').update(JSON.stringify(tool));
  if (tool.kind === 'go') {
    const folder = join(import.meta.dirname, tool.folder);
    for (const file of readdirSync(folder).sort()) hash.update(`\n${file}\n`).update(readFileSync(join(folder, file)));
  }
  const version = tool.version.replaceAll(/[^0-9A-Za-z.]/g, '-');
  return `tools-${name}-${version}-${hash.digest('hex').slice(0, 12)}`;
}
