/** The signature of what is sent, where it is sent, and the receiver that checks it. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { Alert } from '../../../platform/api/contract/pipelines.ts';
import { homeAt } from '../../../platform/home.ts';
import { alertEvent, post } from '../../../platform/jobs/deliver.ts';
import { type Received, startReceiver } from '../../../platform/jobs/receiver.ts';
import { refusalOf, signedHeaders, toleranceSeconds } from '../../../platform/jobs/signature.ts';
import { readWebhook, setWebhook, shownUrl, signingSecret } from '../../../platform/jobs/webhook.ts';

const root = mkdtempSync(join(tmpdir(), 'webhook-'));
afterAll(() => rmSync(root, { recursive: true }));

const now = Date.parse('2026-11-24T12:00:00Z');
const alert: Alert = {
  id: 'delays.fresh.page.abc',
  pipeline: 'delays',
  name: 'fresh',
  severity: 'page',
  state: 'firing',
  sinceMs: now,
  resolvedMs: null,
  text: 'late',
  next: 'look',
  ...{ delivery: 'queued', refusal: null, rounds: 1, told: null },
};

test('the signature is that of Standard Webhooks: HMAC-SHA256 of id.timestamp.body, in base64', () => {
  const headers = signedHeaders('secret', 'id-1', '{"a":1}', now);
  const expected = createHmac('sha256', 'secret')
    .update(`id-1.${now / 1000}.{"a":1}`)
    .digest('base64');
  expect(headers).toEqual({
    'webhook-id': 'id-1',
    'webhook-timestamp': '1795521600',
    'webhook-signature': `v1,${expected}`,
  });
});

test('what was changed, is old, or is signed by another is refused', () => {
  const signed = signedHeaders('secret', 'id-1', 'body', now);
  const good = (headers: object, body = 'body', atMs = now) =>
    refusalOf('secret', { ...signed, ...headers }, body, atMs);
  expect(good({})).toBeUndefined();
  expect(good({ 'webhook-signature': `v1,AAAA ${signed['webhook-signature']}` })).toBeUndefined();
  expect(good({}, 'bodY')).toMatch(/signature/);
  expect(good({ 'webhook-id': 'id-2' })).toMatch(/signature/);
  expect(good({ 'webhook-timestamp': `${now / 1000 + 1}` })).toMatch(/signature/);
  expect(good({ 'webhook-signature': 'v1,' })).toMatch(/signature/);
  expect(good({ 'webhook-signature': undefined })).toMatch(/not signed/);
  expect(good({ 'webhook-timestamp': 'now' })).toMatch(/time/);
  expect(good({}, 'body', now + (toleranceSeconds + 1) * 1000)).toMatch(/time/);
  expect(good({}, 'body', now - (toleranceSeconds + 1) * 1000)).toMatch(/time/);
  expect(refusalOf('other', { ...signed }, 'body', now)).toMatch(/signature/);
});

test('the webhook is kept for its owner alone, and shown without its path', () => {
  const home = homeAt(join(root, 'home'));
  expect(readWebhook(home)).toBeUndefined();
  setWebhook(home, 'https://hooks.example/T0/secret?token=x', now);
  expect(readWebhook(home)).toEqual({
    url: 'https://hooks.example/T0/secret?token=x',
    secret: signingSecret(home),
    ...{ sinceMs: now, setMs: now },
  });
  expect(statSync(join(home.alertsDir, 'webhook.json')).mode & 0o777).toBe(0o600);
  expect(shownUrl('https://hooks.example/T0/secret?token=x')).toBe('https://hooks.example/…');
  expect(shownUrl('http://127.0.0.1:8080/')).toBe('http://127.0.0.1:8080');
  writeFileSync(join(home.alertsDir, 'webhook.json'), '{"format": "millrace/webhook/1"}');
  expect(() => readWebhook(home)).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE' }));
  setWebhook(home, 'none');
  expect(readWebhook(home)).toBeUndefined();
});

test('a webhook that is set again is another from now on when its URL is, and else is only to be tried', () => {
  const home = homeAt(join(root, 'again'));
  setWebhook(home, 'https://one.example/', 1000);
  setWebhook(home, 'https://one.example/', 2000);
  expect(readWebhook(home)).toMatchObject({ sinceMs: 1000, setMs: 2000 });
  setWebhook(home, 'https://other.example/', 3000);
  expect(readWebhook(home)).toMatchObject({ url: 'https://other.example/', sinceMs: 3000, setMs: 3000 });
  writeFileSync(
    join(home.alertsDir, 'webhook.json'),
    '{"format": "millrace/webhook/1", "url": "https://old.example/"}',
  );
  expect(readWebhook(home)).toMatchObject({ url: 'https://old.example/', sinceMs: 0, setMs: 0 });
  writeFileSync(join(home.alertsDir, 'webhook.json'), '{"format": "mill');
  setWebhook(home, 'https://one.example/', 4000);
  expect(readWebhook(home)).toMatchObject({ url: 'https://one.example/', sinceMs: 4000 });
});

test.each(['ftp://x/y', 'hooks', 'https://user:word@hooks.example/', 'file:///etc/passwd'])('%s is refused', (url) => {
  const home = homeAt(join(root, 'refused'));
  expect(() => setWebhook(home, url)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  expect(readWebhook(home)).toBeUndefined();
});

test('what is sent passes the receiver, a second time as a repetition; a wrong secret and other bodies do not', async () => {
  const received: Received[] = [];
  const refused: string[] = [];
  const server = await startReceiver({
    ...{ port: 0, secret: () => 'secret', now: () => now },
    received: (each) => received.push(each),
    refused: (reason) => refused.push(reason),
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/any`;
  const event = alertEvent(alert);
  await post({ url, secret: 'secret' }, event, now);
  await post({ url, secret: 'secret' }, event, now);
  expect(received.map(({ event, isRepeated }) => [event.id, isRepeated])).toEqual([
    ['delays.fresh.page.abc.firing', false],
    ['delays.fresh.page.abc.firing', true],
  ]);
  const { id, time, data } = event;
  expect(received[0]!.event).toEqual({ specversion: '1.0', type: 'millrace.alert', id, time, data });
  for (const field of ['delivery', 'refusal', 'rounds', 'told']) expect(data).not.toHaveProperty(field);
  await expect(post({ url, secret: 'other' }, event, now)).rejects.toThrow(
    /^http:\/\/127\.0\.0\.1:\d+\/… answered 401$/,
  );
  const body = JSON.stringify({ specversion: '1.0' });
  const headers = { ...signedHeaders('secret', 'x', body, now) };
  expect((await fetch(url, { method: 'POST', body, headers })).status).toBe(400);
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(70_000), headers })).status).toBe(413);
  expect((await fetch(url)).status).toBe(405);
  expect(refused).toHaveLength(2);
  server.closeAllConnections();
  server.close();
});

test('a redirect is not followed, and an error does not tell the path', async () => {
  await expect(post({ url: 'http://127.0.0.1:1/secret', secret: 's' }, alertEvent(alert), now)).rejects.toThrow(
    /^http:\/\/127\.0\.0\.1:1\/… can not be reached: (?!.*secret)/,
  );
});
