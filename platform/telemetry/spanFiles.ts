/**
 * Span files: `<service>-<pid>.ndjson` in the spans directory, one ExportTraceServiceRequest per line. A file that is full
 * becomes `<service>-<pid>.<n>.ndjson`, n rising; a process keeps a few, the directory keeps so many bytes in all.
 */
import { appendFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface SpanFileLimits {
  readonly fileBytes: number;
  /** Files of one process, the one being written among them. */
  readonly filesPerProcess: number;
  /** All files of the directory. Checked when a process starts writing and when it turns a file over. */
  readonly directoryBytes: number;
}

export const spanFileLimits: SpanFileLimits = {
  fileBytes: 16 * 1024 * 1024,
  filesPerProcess: 4,
  directoryBytes: 256 * 1024 * 1024,
};

export const spanFileSuffix = '.ndjson';

export interface SpanFile {
  /** Appends whole lines. Rejects when the directory can't be written; the next call tries anew. One call at a time. */
  append(lines: string): Promise<void>;
}

export function createSpanFile(spansDir: string, service: string, limits: SpanFileLimits = spanFileLimits): SpanFile {
  const stem = `${service.replace(/[^A-Za-z0-9._-]/g, '_')}-${process.pid}`;
  const path = join(spansDir, `${stem}${spanFileSuffix}`);
  let opened = false;
  let bytes = 0;
  let turned = 0;

  async function open(): Promise<void> {
    await mkdir(spansDir, { recursive: true, mode: 0o700 });
    bytes = (await stat(path).catch(() => undefined))?.size ?? 0;
    turned = (await turnedFiles(spansDir, stem)).at(-1)?.number ?? 0;
    await pruneDirectory(spansDir, limits.directoryBytes, path);
    opened = true;
  }

  async function turnOver(): Promise<void> {
    turned += 1;
    // The file may be gone: another process prunes the directory, too.
    await rename(path, join(spansDir, `${stem}.${turned}${spanFileSuffix}`)).catch(() => {});
    bytes = 0;
    const kept = limits.filesPerProcess - 1;
    for (const file of (await turnedFiles(spansDir, stem)).slice(0, -kept || undefined)) {
      await rm(join(spansDir, file.name), { force: true });
    }
    await pruneDirectory(spansDir, limits.directoryBytes, path);
  }

  return {
    async append(lines) {
      if (!opened) await open();
      if (bytes > 0 && bytes + lines.length > limits.fileBytes) await turnOver();
      await appendFile(path, lines, { mode: 0o600 });
      bytes += Buffer.byteLength(lines);
    },
  };
}

async function turnedFiles(spansDir: string, stem: string): Promise<{ name: string; number: number }[]> {
  const names = await readdir(spansDir).catch(() => []);
  const files = [];
  for (const name of names) {
    if (!name.startsWith(`${stem}.`) || !name.endsWith(spanFileSuffix)) continue;
    const number = Number(name.slice(stem.length + 1, -spanFileSuffix.length));
    if (Number.isInteger(number) && number > 0) files.push({ name, number });
  }
  return files.sort((a, b) => a.number - b.number);
}

/** Removes the files last written longest ago until the directory holds at most `maxBytes`; `current` always stays. */
export async function pruneDirectory(spansDir: string, maxBytes: number, current?: string): Promise<void> {
  const files = await listSpanFiles(spansDir);
  let total = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files.reverse()) {
    if (total <= maxBytes) return;
    if (file.path === current) continue;
    await rm(file.path, { force: true });
    total -= file.bytes;
  }
}

export interface SpanFileEntry {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Newest first. No such directory: none. A file removed meanwhile is left out. */
export async function listSpanFiles(spansDir: string): Promise<SpanFileEntry[]> {
  const names = await readdir(spansDir).catch(() => []);
  const entries = await Promise.all(
    names
      .filter((name) => name.endsWith(spanFileSuffix))
      .map(async (name) => {
        const path = join(spansDir, name);
        const found = await stat(path).catch(() => undefined);
        return found?.isFile() ? { path, bytes: found.size, modifiedMs: found.mtimeMs } : undefined;
      }),
  );
  return entries.filter((entry) => entry !== undefined).sort((a, b) => b.modifiedMs - a.modifiedMs);
}
