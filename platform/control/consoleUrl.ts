import type { Home } from '../home.ts';
import { controlPorts } from './controlFile.ts';
import { controlAddress } from './tasks.ts';

/** Where the console is, or one pipeline in it; undefined: this home never had one. */
export function consoleUrl(home: Home, pipeline?: string): string | undefined {
  const port = controlPorts(home)?.api;
  if (port === undefined) return undefined;
  return `http://${controlAddress}:${port}/${pipeline === undefined ? '' : `#/pipelines/${pipeline}`}`;
}
