import type { Command } from 'commander';
import { fail } from '../../errors.ts';
import { pipelineName } from '../../model/names.ts';
import { createRecords, namesOf } from '../../records/records.ts';
import {
  recheckVerify,
  runVerify,
  type VerifyProgress,
  type VerifyResult,
  verifyFailure,
} from '../../verify/verify.ts';
import { answer, createSession, type Session } from '../session.ts';
import { wholeNumber } from '../settings.ts';

export function addVerify(program: Command): void {
  program
    .command('verify <pipeline>')
    .description('send marked events in at the front door, read each back from the API: nothing lost, nothing doubled')
    .option('--events <n>', 'how many', wholeNumber('--events', 1, 10_000_000, 'verify'), 1000)
    .option('--rate <n>', 'events per second', wholeNumber('--rate', 1, 100_000, 'verify'), 500)
    .option(
      '--timeout <s>',
      'longest wait for the last event, in seconds',
      wholeNumber('--timeout', 1, 86_400, 'verify'),
      120,
    )
    .option('--again <mark>', 'read the acknowledged events of an earlier run back again')
    .option('--json', 'print JSON')
    .action(async (pipeline: string, options) => {
      const session = createSession(options);
      const result = await verify(session, pipeline, options);
      answer(session, result, render);
      const failure = verifyFailure(result, options.timeout);
      if (!failure) return;
      if (!session.json) throw failure;
      process.exitCode = failure.exitCode;
    });
}

interface Options {
  readonly events: number;
  readonly rate: number;
  readonly timeout: number;
  readonly again?: string;
}

async function verify(session: Session, pipeline: string, options: Options): Promise<VerifyResult> {
  const records = createRecords(session.home);
  const record = records.pipeline(pipelineName(pipeline));
  if (!record) fail('UNKNOWN_PIPELINE', { name: pipeline, known: namesOf(records.readablePipelines()) });
  const { verify } = record.plan.spec;
  const [ingressUrl, apiUrl] = [record.endpoints[verify.ingressService], record.endpoints[verify.apiService]];
  if (!ingressUrl || !apiUrl) fail('INTERNAL', { reason: 'the pipeline has no ingress or no API' });
  const common = {
    apiUrl,
    timeoutSeconds: options.timeout,
    verifyDir: session.home.verifyDir,
    onProgress: showing(session),
  };
  if (options.again) return await recheckVerify({ ...common, mark: options.again });
  const { events, rate: ratePerSecond } = options;
  return await runVerify({ ...common, pipeline, verify, ingressUrl, events, ratePerSecond });
}

/** A line a second. */
function showing(session: Session): (progress: VerifyProgress) => void {
  let lastMs = Date.now();
  return ({ phase, events, acknowledged, read, waitingFor }) => {
    if (Date.now() - lastMs < 1000) return;
    lastMs = Date.now();
    const why = waitingFor ? ` — waits for ${waitingFor}` : '';
    session.progress(`… ${phase}: ${acknowledged} of ${events} acknowledged, ${read} read back${why}`);
  };
}

function render(result: VerifyResult): string {
  const { pipeline, mark, sent, acknowledged, read, lost, duplicated, counted, latencyMs, samples } = result;
  const latency = latencyMs
    ? `latency ms  p50 ${latencyMs.p50}  p95 ${latencyMs.p95}  p99 ${latencyMs.p99}  (${samples} watched events, send → API)`
    : 'latency     not measured';
  return [
    `${pipeline}: ${sent} sent, ${acknowledged} acknowledged, ${read} read back, ${counted} counted in windows`,
    `lost ${lost}, duplicated ${duplicated}`,
    latency,
    `mark ${mark}: millrace verify ${pipeline} --again ${mark} reads them again; millrace trace ${pipeline} --id ${result.tracedEventId}`,
  ].join('\n');
}
