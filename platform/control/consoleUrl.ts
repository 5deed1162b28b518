import type { Home } from '../home.ts';
import type { DeployResult } from '../model/operations.ts';
import { controlPorts } from './controlFile.ts';
import { controlAddress } from './tasks.ts';

/** Where the console is, or one pipeline in it; undefined: this home never had one. */
export function consoleUrl(home: Home, pipeline?: string): string | undefined {
  const port = controlPorts(home)?.api;
  if (port === undefined) return undefined;
  return `http://${controlAddress}:${port}/${pipeline === undefined ? '' : `#/pipelines/${pipeline}`}`;
}

/** Where the pipeline is to be watched, beside its own endpoints; without a login the page says how to log in. */
export function withConsole(home: Home, result: DeployResult): DeployResult {
  const url = consoleUrl(home, result.pipeline);
  return url === undefined ? result : { ...result, endpoints: { ...result.endpoints, console: url } };
}
