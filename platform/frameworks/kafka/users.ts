/** Users and what they may do. Each verb is idempotent. */
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type AclEntry, type AclOperationTypes, type AclResourceTypes, type Admin, type Kafka } from 'kafkajs';
import type { KafkaAccess } from '../../connectors/config.ts';
import { fail } from '../../errors.ts';
import { kafkaClient } from './connect.ts';
import { alterScramCredential } from './scram.ts';

/** Error code of Kafka for a user that is not there. */
const resourceNotFound = 91;
const loginDeadlineMs = 30_000;

/**
 * Lets `user` log in with `password` and work on topics, consumer groups and transactions whose names start with `prefix`.
 * Resolves when every broker accepts the user. The ACLs go first: the metadata log is ordered, so that a broker that knows
 * the password knows them, too.
 */
export async function ensureUser(
  kafka: Kafka,
  admin: Admin,
  access: KafkaAccess,
  user: string,
  prefix: string,
): Promise<void> {
  await admin.createAcls({ acl: aclsOf(user, prefix) });
  const { errorCode, errorMessage } = await alterScramCredential(kafka, { user, password: access.password });
  if (errorCode !== 0) refused(`set the password of user "${user}"`, errorCode, errorMessage);
  await Promise.all(access.brokers.map((broker) => untilLogin({ ...access, username: user, brokers: [broker] })));
}

/** Takes away password and ACLs of the user; a user that is not there is no error. Answers whether there was one. */
export async function removeUser(kafka: Kafka, admin: Admin, user: string): Promise<boolean> {
  const { errorCode, errorMessage } = await alterScramCredential(kafka, { user, password: undefined });
  if (errorCode !== 0 && errorCode !== resourceNotFound) refused(`remove user "${user}"`, errorCode, errorMessage);
  await admin.deleteAcls({
    filters: [
      {
        resourceType: kafkajs.AclResourceTypes.ANY,
        resourcePatternType: kafkajs.ResourcePatternTypes.ANY,
        principal: `User:${user}`,
        operation: kafkajs.AclOperationTypes.ANY,
        permissionType: kafkajs.AclPermissionTypes.ANY,
      },
    ],
  });
  return errorCode === 0;
}

function aclsOf(user: string, prefix: string): AclEntry[] {
  const { READ, WRITE, DESCRIBE, DESCRIBE_CONFIGS } = kafkajs.AclOperationTypes;
  const allow = (resourceType: AclResourceTypes, operations: readonly AclOperationTypes[]) =>
    operations.map((operation) => ({
      resourceType,
      resourceName: prefix,
      resourcePatternType: kafkajs.ResourcePatternTypes.PREFIXED,
      principal: `User:${user}`,
      host: '*',
      operation,
      permissionType: kafkajs.AclPermissionTypes.ALLOW,
    }));
  return [
    ...allow(kafkajs.AclResourceTypes.TOPIC, [READ, WRITE, DESCRIBE, DESCRIBE_CONFIGS]),
    ...allow(kafkajs.AclResourceTypes.GROUP, [READ, DESCRIBE]),
    ...allow(kafkajs.AclResourceTypes.TRANSACTIONAL_ID, [WRITE, DESCRIBE]),
  ];
}

async function untilLogin(access: KafkaAccess): Promise<void> {
  const deadline = Date.now() + loginDeadlineMs;
  for (;;) {
    const admin = kafkaClient(access).admin();
    try {
      await admin.connect();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    } finally {
      await admin.disconnect();
    }
  }
}

function refused(action: string, errorCode: number, errorMessage: string): never {
  fail('SERVER_REFUSED', { framework: 'Kafka', action, reason: errorMessage || `error code ${errorCode}` });
}
