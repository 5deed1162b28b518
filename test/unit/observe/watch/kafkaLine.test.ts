/** One line to Kafka for many askers: what fails for one is not felt by another. */
import { describe, expect, it } from '@jest/globals';
import { fail } from '../../../../platform/errors.ts';
import type { KafkaAdmin } from '../../../../platform/frameworks/kafka/admin.ts';
import type { FrameworkRecord } from '../../../../platform/model/records.ts';
import { KafkaLine } from '../../../../platform/observe/watch/kafkaLine.ts';

const record = {
  framework: 'kafka',
  identity: 'it',
  plan: { options: {}, placements: [] },
} as unknown as FrameworkRecord;
const refused = () =>
  fail('SERVER_REFUSED', { framework: 'Kafka', endpoint: 'b:1', action: 'read', reason: 'no topic' });
const lost = () =>
  fail('SERVER_UNREACHABLE', { framework: 'Kafka', endpoint: 'b:1', action: 'read', reason: 'closed' });

/** Logins that succeed, for as long as `isUp`. */
function lineOf() {
  const room = { nowMs: 0, isUp: true, logins: 0, closed: [] as number[] };
  const connect = async () => {
    const login = ++room.logins;
    if (!room.isUp) lost();
    return { login, close: async () => void room.closed.push(login) } as unknown as KafkaAdmin;
  };
  const secrets = { get: () => '' } as never;
  return { room, line: new KafkaLine({ record: () => record, secrets, now: () => room.nowMs, connect }) };
}

const loginOf = async (admin: KafkaAdmin) => (admin as unknown as { login: number }).login;

/** A question that is answered when the test says so. */
function waiting() {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  return { answer, work: async (admin: KafkaAdmin) => answered.then(() => loginOf(admin)) };
}

describe('the line to Kafka', () => {
  it('stays when Kafka refuses the question of one', async () => {
    const { room, line } = lineOf();
    await expect(line.ask(async () => refused())).rejects.toMatchObject({ code: 'SERVER_REFUSED' });
    expect(await line.ask(loginOf)).toBe(1);
    expect(room.closed).toEqual([]);
  });

  it('is made anew after a failure, at once, and closed when nobody waits for its answer any more', async () => {
    const { room, line } = lineOf();
    const other = waiting();
    const waits = line.ask(other.work);
    await expect(line.ask(async () => lost())).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
    expect(await line.ask(loginOf)).toBe(2);
    expect(room.closed).toEqual([]);
    other.answer();
    expect(await waits).toBe(1);
    expect(room.closed).toEqual([1]);
  });

  it('asks a Kafka that can not be connected to once in five seconds', async () => {
    const { room, line } = lineOf();
    room.isUp = false;
    for (let tries = 0; tries < 3; tries++)
      await expect(line.ask(loginOf)).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
    expect(room.logins).toBe(1);
    room.nowMs = 5000;
    room.isUp = true;
    expect(await line.ask(loginOf)).toBe(2);
    await line.close();
    expect(room.closed).toEqual([2]);
  });

  it('asks it at once after a clock that was set back', async () => {
    const { room, line } = lineOf();
    [room.isUp, room.nowMs] = [false, 10_000_000];
    await expect(line.ask(loginOf)).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
    [room.isUp, room.nowMs] = [true, room.nowMs - 3_600_000];
    expect(await line.ask(loginOf)).toBe(2);
  });
});
