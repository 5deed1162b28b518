/** The files of infra/, judged by the programs that they are for. Skipped, and loudly, where those can't be had. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { run } from '../../../platform/artifacts/command.ts';
import { obtainTools } from '../../tools/obtain.ts';

const tools = await obtainTools('collector', 'prometheus', 'vmalert');
if (tools instanceof Error) console.error(`SKIPPED: the programs can't be had here.\n${tools.message}`);

const infra = (path: string) => new URL(`../../../infra/${path}`, import.meta.url).pathname;

(tools instanceof Error ? describe.skip : describe)('the configuration', () => {
  const directories = tools as Exclude<typeof tools, Error>;
  /** Throws with their words when they refuse it. */
  const collector = (...files: readonly string[]) =>
    run({
      argv: [join(directories.collector, 'collector'), 'validate', ...files.map((file) => `--config=${infra(file)}`)],
    });
  const promtool = (...argv: readonly string[]) =>
    run({ argv: [join(directories.prometheus, 'root/usr/bin/promtool'), ...argv] });

  test('of the collector is valid, with Jaeger and without', async () => {
    await collector('otel/collector.yaml');
    await collector('otel/collector.yaml', 'jaeger/collector.yaml');
    await expect(collector('prometheus/prometheus.yml')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });

  test('of Prometheus is valid, and so are the alert rules', async () => {
    expect(await promtool('check', 'config', infra('prometheus/prometheus.yml'))).toContain('SUCCESS');
    expect(await promtool('check', 'rules', '--lint-fatal', infra('prometheus/rules.yml'))).toContain('SUCCESS');
  });

  test('of the alert rules is valid for vmalert, too', async () => {
    const vmalert = (file: string) =>
      run({ argv: [join(directories.vmalert, 'vmalert'), '-dryRun', `-rule=${infra(file)}`] });
    await vmalert('prometheus/rules.yml');
    await expect(vmalert('prometheus/prometheus.yml')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });

  test('each alert fires when it should, and only then', async () => {
    expect(await promtool('test', 'rules', infra('prometheus/rules.test.yml'))).toContain('SUCCESS');
  });
});
