/** A home with the control plane's Valkey, and processes of alerting and of a receiver: all real, each of them killed at will. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { controlRedisAccess, controlRedisSecrets, renderControlRedis } from '../../../platform/control/redis.ts';
import { type Home, homeAt } from '../../../platform/home.ts';
import { writeState } from '../../../platform/state-files.ts';
import { artifactsForTests } from '../frameworks/artifacts.ts';
import { end, type RunningTask, start } from '../frameworks/runner.ts';

type Line = Readonly<Record<string, unknown>>;

/** A child process that prints JSON lines. */
export class Talker {
  readonly lines: Line[] = [];
  readonly #process: ChildProcess;
  readonly #waiting = new Set<() => void>();

  constructor(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    const path = fileURLToPath(new URL(`../../fixtures/${file}`, import.meta.url));
    const options = ['--disable-warning=ExperimentalWarning', path, ...args];
    this.#process = spawn(process.execPath, options, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line));
      for (const look of this.#waiting) look();
    });
  }

  /** The first line that is so; waits for it. */
  async until(wanted: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const found = this.lines.find(wanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const look = () => {
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
      });
    }
  }

  say(line: string): void {
    this.#process.stdin!.write(`${line}\n`);
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}

export class AlertRoom {
  readonly root = mkdtempSync(join(tmpdir(), 'alert-room-'));
  readonly home: Home = homeAt(join(this.root, 'home'));
  readonly webhookPort: number;
  readonly redisPort: number;
  readonly #talkers: Talker[] = [];
  #valkey: RunningTask | undefined;
  #startMs = Date.now();

  constructor(firstPort: number) {
    this.redisPort = firstPort;
    this.webhookPort = firstPort + 1;
    const ports = { temporal: firstPort + 2, ui: firstPort + 3, http: firstPort + 4, metrics: firstPort + 5 };
    writeState(this.home.controlFile, { format: 'millrace/control/1', ports: { ...ports, redis: firstPort } } as never);
  }

  access() {
    return controlRedisAccess(this.home)!;
  }

  async startValkey(secret = controlRedisSecrets(this.home)): Promise<void> {
    this.#valkey = start(
      renderControlRedis('node-1', this.redisPort, await artifactsForTests(), secret),
      join(this.root, 'valkey'),
    );
  }

  async killValkey(): Promise<void> {
    if (this.#valkey !== undefined) await end(this.#valkey, 'SIGKILL');
  }

  async startAlerting(env: Readonly<Record<string, string>> = {}): Promise<Talker> {
    // Later than all windows: what one test has counted is nothing to the next.
    this.#startMs += 10 * 86_400_000;
    const talker = this.#talk('alertingHost.ts', [], { ALERT_START_MS: `${this.#startMs}`, ...env });
    await talker.until((line) => 'started' in line);
    return talker;
  }

  async startReceiver(mode: 'take' | 'hang' | 'refuse'): Promise<Talker> {
    const talker = this.#talk('alertReceiver.ts', [`${this.webhookPort}`, mode]);
    await talker.until((line) => 'started' in line);
    return talker;
  }

  #talk(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Talker {
    const talker = new Talker(file, args, { ...process.env, NODE_OPTIONS: '', MILLRACE_HOME: this.home.root, ...env });
    this.#talkers.push(talker);
    return talker;
  }

  async endTalkers(): Promise<void> {
    for (const talker of this.#talkers.splice(0)) await talker.kill();
  }

  async remove(): Promise<void> {
    await this.endTalkers();
    await this.killValkey();
    rmSync(this.root, { recursive: true, force: true });
  }
}
