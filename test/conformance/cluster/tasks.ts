/** Tiny real programs for tasks, and their specs. */
import type { TaskSpec } from '../../../platform/cluster/driver.ts';

/** Programs are run by `node -e`. */
export const programs = {
  idle: 'setInterval(() => {}, 1000)',
  /** Says a word of its own at each start, then waits. */
  talks: 'console.log("began " + crypto.randomUUID()); setInterval(() => {}, 1000)',
  listens: (address: string, port: number, reusePort = false) =>
    `require("net").createServer().listen({ port: ${port}, host: "${address}", reusePort: ${reusePort} }, () => console.log("listens"))`,
  holds: (mebibytes: number) =>
    `const held = Buffer.alloc(${mebibytes} * 1024 * 1024, 1); setInterval(() => held.length, 1000)`,
  endsWith: (code: number) => `console.log("about to end"); setTimeout(() => process.exit(${code}), 50)`,
  /**
   * A leader with a child in its group that ignores SIGTERM, and a child that has left the group and the session; writes both
   * ids to its data directory.
   */
  family: `
    const { spawn } = require("child_process");
    const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')";
    const child = spawn(process.execPath, ["-e", stubborn], { stdio: ["ignore", "pipe", "ignore"] });
    const stray = spawn(process.execPath, ["-e", stubborn], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
    let ready = 0;
    const count = () => { ready += 1; if (ready === 2) require("fs").writeFileSync(process.argv[1] + "/family", child.pid + " " + stray.pid); };
    child.stdout.once("data", count);
    stray.stdout.once("data", count);`,
  /** Writes a note into its data directory when it is asked to end: the order of ends can be read from it. */
  notesEnd: `
    require("fs").writeFileSync(process.argv[1] + "/started", String(process.hrtime.bigint()));
    process.on("SIGTERM", () => { require("fs").writeFileSync(process.argv[1] + "/ended", String(process.hrtime.bigint())); process.exit(0); });
    setInterval(() => {}, 1000)`,
} as const;

/** A task that runs `program`; its data directory is the program's first argument. */
export function taskSpec(id: string, program: string, changes: Partial<TaskSpec> = {}): TaskSpec {
  return {
    id,
    node: 'node-1',
    owner: { kind: 'pipeline', name: 'tiny' },
    argv: [process.execPath, '-e', program, '{dataDir}'],
    env: {},
    files: [],
    ports: [],
    limits: { cpus: 0.1, memoryMiB: 64 },
    stop: { signal: 'SIGTERM', graceMs: 1000 },
    tier: 1,
    keepsData: true,
    ...changes,
  };
}

export function port(address: string, number: number, shared = false): TaskSpec['ports'][number] {
  return { name: 'main', address, port: number, ...(shared ? { shared } : {}) };
}
