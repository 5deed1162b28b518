import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { controlHandlers, operationOf, platformEvent } from '../fixtures/console/controlWorld.ts';
import type { Handlers } from '../fixtures/console/server.ts';
import { worldHandlers } from '../fixtures/console/world.ts';
import { closeBrowser, type OpenConsole, openConsole } from './browser.ts';

let shown: OpenConsole;
let operation = operationOf();
const handlers: Handlers = { ...worldHandlers(), ...controlHandlers(), operation: () => operation };
beforeEach(async () => {
  operation = operationOf();
  shown = await openConsole(handlers);
}, 120_000);
afterEach(async () => {
  expect(shown.faults).toEqual([]);
  await shown.close();
});
afterAll(closeBrowser);

describe('from the catalog to a deploy', () => {
  it('configures, previews, deploys, and follows the steps', async () => {
    await shown.go('/catalog');
    expect(await shown.look('catalog')).toEqual([]);
    const { page } = shown;
    await page.getByRole('link', { name: 'Configure Flight delays' }).click();
    await page.getByLabel('partitions').fill('0');
    await page.getByText('It must be a whole number from 1 to 64.').waitFor();
    await page.getByRole('button', { name: 'Preview the plan' }).click();
    await page.getByText('One value is not accepted.').waitFor();
    await page.getByLabel('partitions').fill('8');
    await page.getByLabel('Name of the pipeline').fill('my-flights');
    await page.getByRole('button', { name: 'Preview the plan' }).click();
    await page.getByText('The query begins anew at the oldest record.').waitFor();
    expect(await shown.look('preview')).toEqual([]);
    await page.getByLabel('profile').selectOption('server');
    expect(await page.getByRole('button', { name: 'Deploy', exact: true }).isDisabled()).toBe(true);
    await page.getByLabel('profile').selectOption('laptop');
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.waitForFunction(() => location.hash === '#/operations/deploy-7');
    const deploy = shown.server.changes.find(({ name }) => name === 'deploy');
    expect(deploy?.asked.body).toEqual({
      blueprint: 'flight-delays',
      name: 'my-flights',
      parameters: { partitions: '8' },
    });
  }, 60_000);

  it('shows the tree of reasons of a refusal, and offers no deploy', async () => {
    await shown.go('/catalog/flight-delays');
    const { page } = shown;
    await page.getByLabel('partitions').fill('64');
    await page.getByRole('button', { name: 'Preview the plan' }).click();
    await page.getByText('node-2: 300 MiB are free').waitFor();
    await page.getByText('Stop a pipeline, or ask for fewer partitions.').waitFor();
    expect(await page.getByRole('button', { name: 'Deploy', exact: true }).count()).toBe(0);
    expect(await shown.look('refusal')).toEqual([]);
  }, 60_000);
});

describe('a new revision of what is deployed', () => {
  it('begins with its present values: a change of one leaves the others as they are', async () => {
    await shown.go('/pipelines/flight-delays');
    const { page } = shown;
    await page.getByRole('link', { name: 'New revision' }).click();
    await page.getByText('The fields begin with the values of revision 3.').waitFor();
    expect(await page.getByLabel('partitions').inputValue()).toBe('8');
    expect(await page.getByLabel('sendMails').inputValue()).toBe('true');
    expect(await page.getByText('not the default').count()).toBe(3);
    expect(await page.getByText('changed', { exact: true }).count()).toBe(0);
    await page.getByLabel('ratePerSecond').fill('75');
    await page.getByRole('button', { name: /^Present value: 50.*ratePerSecond/ }).waitFor();
    // Back to the default, of this one only; the focus stays with the field.
    await page.getByRole('button', { name: /^Blueprint’s default: 4.*partitions/ }).click();
    expect(await page.getByLabel('partitions').inputValue()).toBe('4');
    expect(await page.getByLabel('partitions').evaluate((each) => each === document.activeElement)).toBe(true);
    await page.getByRole('button', { name: 'Preview the plan' }).click();
    const changes = page.getByRole('region', { name: 'Parameters that change' });
    expect(await changes.getByRole('row', { name: /partitions/ }).innerText()).toMatch(
      /8\s+4\s+the blueprint’s default/,
    );
    expect(await shown.look('revision')).toEqual([]);
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.waitForFunction(() => location.hash === '#/operations/deploy-7');
    expect(shown.server.changes.find(({ name }) => name === 'deploy')?.asked.body).toEqual({
      ...{ blueprint: 'flight-delays', name: 'flight-delays' },
      parameters: { ratePerSecond: '75', sendMails: 'true' },
    });
  }, 60_000);

  it('is named as such where the catalog leads to it with defaults', async () => {
    await shown.go('/catalog/flight-delays');
    const { page } = shown;
    await page.getByText('flight-delays is deployed: this makes its next revision').waitFor();
    expect(await page.getByLabel('partitions').inputValue()).toBe('4');
    await page.getByRole('link', { name: 'Begin with the values of revision 3' }).click();
    await page.getByText('The fields begin with the values of revision 3.').waitFor();
    expect(await page.getByLabel('partitions').inputValue()).toBe('8');
  }, 60_000);
});

describe('an operation', () => {
  it('tells phases, steps, reasons and retries, and changes with the bus', async () => {
    await shown.go('/operations/deploy-7');
    const { page } = shown;
    await page.getByText('4 of 8 steps done').waitFor();
    await page.getByText('It waits for the master on port 22071.').first().waitFor();
    await page.getByText('attempt 3').waitFor();
    expect(await page.getByRole('link', { name: 'Logs of spark.worker.0' }).getAttribute('href')).toBe(
      '#/logs/spark.worker.0',
    );
    expect(await shown.look('operation')).toEqual([]);
    await page.getByText('Live', { exact: true }).waitFor();
    operation = operationOf('failed');
    shown.server.send({
      id: '401',
      data: platformEvent(401, 'millrace.operation.step', 'deploy-7', { operation: 'deploy-7' }),
    });
    await page.getByText('Spark has no worker.').waitFor();
    expect(await shown.look('operation-failed')).toEqual([]);
  }, 60_000);

  it('is called off after a question', async () => {
    await shown.go('/operations/deploy-7');
    const { page } = shown;
    await page.getByRole('button', { name: 'Cancel the deploy' }).click();
    const dialog = page.getByRole('dialog', { name: /Cancel the deploy/ });
    await dialog.getByText('undone in reverse order').waitFor();
    expect(await shown.look('cancel')).toEqual([]);
    await page.keyboard.press('Escape');
    expect(shown.server.changes).toEqual([]);
    await page.getByRole('button', { name: 'Cancel the deploy' }).click();
    await dialog.getByRole('button', { name: 'Cancel the deploy' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(shown.server.changes.map(({ name }) => name)).toEqual(['cancelOperation']);
  }, 60_000);

  it('of a removal tells each thing that went, an instance’s share of a port, too', async () => {
    const port = { kind: 'port', name: '127.0.0.1:20014', owner: 'pipeline flight-delays' };
    const topic = { kind: 'topic', name: 'flight-delays.flights', owner: 'pipeline flight-delays' };
    operation = {
      ...operationOf('done'),
      kind: 'destroy',
      ledger: { removed: [port, port, topic], kept: [], left: [] },
    };
    await shown.go('/operations/deploy-7');
    const { page } = shown;
    await page.getByText('nothing left behind').waitFor();
    expect(await page.getByRole('row', { name: /removed port 127\.0\.0\.1:20014/ }).count()).toBe(2);
    expect(await shown.look('removal')).toEqual([]);
  }, 60_000);

  it('is listed with its end', async () => {
    await shown.go('/operations');
    const row = shown.page.getByRole('row', { name: /failed/ });
    expect(await row.innerText()).toContain('Task "spark.worker.0" ended 5 times');
    expect(await shown.look('operations')).toEqual([]);
  }, 60_000);
});

it('the cluster tells what runs where, what is asked and what is used', async () => {
  await shown.go('/cluster');
  const { page } = shown;
  await page.getByText('6,900 MiB asked · 6,700 MiB used · of 7,200 MiB').waitFor();
  const row = page.getByRole('region', { name: 'Tasks' }).getByRole('row', { name: /spark\.worker\.0/ });
  expect(await row.innerText()).toContain('It ended with code 1, and is started again in 4 s.');
  expect(await shown.look('cluster')).toEqual([]);
}, 60_000);

it('a service is scaled and restarted after its consequences are told', async () => {
  await shown.go('/services');
  const { page } = shown;
  expect(await shown.look('services')).toEqual([]);
  const row = page.getByRole('row', { name: /ingress/ });
  await row.getByLabel(/Instances of ingress/).fill('4');
  await row.getByRole('button', { name: 'Scale ingress' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Scale' }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await row.getByRole('button', { name: 'Restart ingress' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  expect(shown.server.changes.map(({ name, asked }) => [name, asked.params.service, asked.body])).toEqual([
    ['scale', 'ingress', { instances: 4 }],
    ['restart', 'ingress', undefined],
  ]);
}, 60_000);

describe('logs', () => {
  it('follow a task, filter, pause and go on', async () => {
    await shown.go('/logs/kafka.broker.0');
    const { page, server } = shown;
    await page.getByText('No space left on device').waitFor();
    await page.getByText('following', { exact: true }).waitFor();
    server.sendLog('kafka.broker.0', { atMs: null, task: 'kafka.broker.0', text: 'INFO fresh line' });
    await page.getByText('INFO fresh line').waitFor();
    expect(await shown.look('logs')).toEqual([]);
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
    await page.getByRole('button', { name: 'Pause' }).click();
    server.sendLog('kafka.broker.0', [{ atMs: null, task: 'kafka.broker.0', text: 'INFO while paused' }]);
    await page.getByText('paused, 1 new').waitFor();
    expect(await page.getByText('INFO while paused').count()).toBe(0);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('INFO while paused').waitFor();
    await page.getByLabel('Level').selectOption('error');
    await page.getByLabel(/Words that must occur/).fill('-space error');
    await page.getByText('1 of 7 lines').waitFor();
    expect(await page.evaluate(() => location.hash)).toBe('#/logs/kafka.broker.0?level=error&text=-space+error');
  }, 60_000);
});

it('events come in live, are held while paused, and lead further', async () => {
  await shown.go('/events');
  const { page, server } = shown;
  await page.getByText('store-severe: 2 events were not stored.', { exact: true }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(await shown.look('events')).toEqual([]);
  await page.getByRole('button', { name: 'Pause' }).click();
  server.send({ id: '402', data: platformEvent(402, 'millrace.alert', 'orders-eu', { text: 'It is over.' }) });
  await page.getByText('paused, 1 new').waitFor();
  expect(await page.getByText('It is over.').count()).toBe(0);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('It is over.', { exact: true }).waitFor();
  await page.getByLabel('Type').selectOption('millrace.task.phase');
  await page.getByText('It is over.').waitFor({ state: 'detached' });
  expect(await page.getByRole('link', { name: 'spark.worker.0' }).getAttribute('href')).toBe('#/logs/spark.worker.0');
}, 60_000);

it('alerts tell their text, what to do, and whether the webhook took them', async () => {
  await shown.go('/alerts');
  const row = shown.page.getByRole('row', { name: /completeness/ });
  expect(await row.innerText()).toContain('not delivered');
  expect(await shown.look('alerts')).toEqual([]);
}, 60_000);
