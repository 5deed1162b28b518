/** The standard `OTEL_*` variables that we read ourselves; the official exporter reads the rest (see collector.ts). */
import type { Attributes } from './span.ts';

/** `OTEL_SDK_DISABLED=true` makes no span at all, neither to files nor to a collector. */
export function isTelemetryDisabled(env: NodeJS.ProcessEnv): boolean {
  return env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
}

/** Whether spans are to go to a collector, too. Without an endpoint none is assumed, unlike in the SDK. */
export function wantsCollector(env: NodeJS.ProcessEnv): boolean {
  const exporters = env.OTEL_TRACES_EXPORTER?.split(',').map((name) => name.trim());
  if (exporters !== undefined && exporters[0] !== '' && !exporters.includes('otlp')) return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT);
}

/**
 * Attributes of the resource that makes the spans. Precedence by the standard: `OTEL_SERVICE_NAME`, then `service.name` in
 * `OTEL_RESOURCE_ATTRIBUTES`, then ours
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
 */
export function resourceAttributes(service: string, instance: string, env: NodeJS.ProcessEnv): Attributes {
  return {
    'service.name': service,
    'service.namespace': 'millrace',
    'service.instance.id': instance,
    'process.pid': process.pid,
    ...parseResourceAttributes(env.OTEL_RESOURCE_ATTRIBUTES),
    ...(env.OTEL_SERVICE_NAME ? { 'service.name': env.OTEL_SERVICE_NAME } : {}),
  };
}

/** The resource of a span that another service's work is described by. */
export function withService(resource: Attributes, service: string | undefined): Attributes {
  return service === undefined ? resource : { ...resource, 'service.name': service };
}

/** `key=value,key=value`, values percent-encoded (W3C Baggage). One bad pair and the whole is ignored, as the standard says. */
function parseResourceAttributes(text: string | undefined): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of text?.split(',') ?? []) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    if (equals <= 0) return {};
    try {
      attributes[pair.slice(0, equals).trim()] = decodeURIComponent(pair.slice(equals + 1).trim());
    } catch {
      return {};
    }
  }
  return attributes;
}
