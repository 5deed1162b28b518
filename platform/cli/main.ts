/** The command line. Commands are read here and carried out in commands/; errors end here, with their exit code. */
import { Command, CommanderError } from 'commander';
import { asMillraceError, exitCodes, MillraceError } from '../errors.ts';

type Add = (program: Command) => void;

/** Each command's file is loaded only when it is asked for (or for the help): a start must cost little. */
const commands: Readonly<Record<string, () => Promise<Add>>> = {
  deploy: async () => (await import('./commands/deploy.ts')).addDeploy,
  plan: async () => (await import('./commands/plan.ts')).addPlan,
  status: async () => (await import('./commands/status.ts')).addStatus,
  verify: async () => (await import('./commands/verify.ts')).addVerify,
  trace: async () => (await import('./commands/trace.ts')).addTrace,
  logs: async () => (await import('./commands/logs.ts')).addLogs,
  destroy: async () => (await import('./commands/destroy.ts')).addDestroy,
  up: async () => (await import('./commands/upDown.ts')).addUp,
  down: async () => (await import('./commands/upDown.ts')).addDown,
  fetch: async () => (await import('./commands/fetch.ts')).addFetch,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  catalog: async () => (await import('./commands/catalog.ts')).addCatalog,
  version: async () => (await import('./commands/version.ts')).addVersion,
};

const program = new Command('millrace')
  .description('Pick a blueprint, get a running real-time pipeline.')
  .exitOverride()
  .showHelpAfterError('(run it with --help for what it takes)')
  .configureHelp({ sortSubcommands: false });

const asked = process.argv[2] ?? '';
const wanted = Object.hasOwn(commands, asked) ? [commands[asked]!] : Object.values(commands);
for (const load of wanted) (await load())(program);

try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = report(thrown);
}
// Not left to an empty event loop: an exporter that still waits for a collector would keep the command for its whole timeout.
process.stderr.write('', () => process.stdout.write('', () => process.exit()));

/** Prints the error and gives the exit code. In `--json` the error is the JSON document on standard output. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : exitCodes.input;
  const error = asMillraceError(thrown);
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: error.toJSON() }, null, 2)}\n`);
  const { code, message, meaning, next } = error.toJSON();
  process.stderr.write(`\nerror ${code}: ${message}\n${indent(meaning)}\n  Next: ${next}\n`);
  if (process.env.MILLRACE_DEBUG || !(thrown instanceof MillraceError)) {
    process.stderr.write(`${(error.cause as Error | undefined)?.stack ?? error.stack}\n`);
  }
  return error.exitCode;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
