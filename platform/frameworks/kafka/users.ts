/** Users and what they may do. Each verb is idempotent. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, {
  type AclEntry,
  type AclFilter,
  type AclOperationTypes,
  type AclResourceTypes,
  type Admin,
  type Kafka,
} from 'kafkajs';
import type { KafkaAccess } from '../../connectors/config.ts';
import { fail } from '../../errors.ts';
import { kafkaClient } from './connect.ts';
import { alterScramCredential } from './scram.ts';

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

/**
 * Takes away ACLs and password of the user; a user that is not there is no error. Answers whether there was one.
 *
 * The SCRAM credential is never deleted but set to a password that nobody knows. Kafka 4.3.1 that replays a deletion into an
 * empty image, as at every start without a snapshot, can lose the credentials of everybody else (`ScramDelta.apply` drops the
 * mechanism's map when the deleted user came first). So a user is gone when it has no ACLs, and those go last: a call that was
 * killed half-way is made good by the next.
 */
export async function removeUser(kafka: Kafka, admin: Admin, user: string): Promise<boolean> {
  const acls = everyAclOf(user);
  if ((await admin.describeAcls(acls)).resources.length === 0) return false;
  const unknown = randomBytes(32).toString('base64url');
  const { errorCode, errorMessage } = await alterScramCredential(kafka, { user, password: unknown });
  if (errorCode !== 0) refused(`remove user "${user}"`, errorCode, errorMessage);
  await admin.deleteAcls({ filters: [acls] });
  return true;
}

export interface Grant {
  readonly user: string;
  /** Name of the topic, group or transaction, or the prefix of such names. */
  readonly resource: string;
}

export async function listGrants(admin: Admin): Promise<readonly Grant[]> {
  const { resources } = await admin.describeAcls(everyAcl);
  return resources.flatMap(({ resourceName, acls }) =>
    acls.map(({ principal }) => ({ user: principal.replace(/^User:/, ''), resource: resourceName })),
  );
}

const everyAcl: AclFilter = {
  resourceType: kafkajs.AclResourceTypes.ANY,
  resourcePatternType: kafkajs.ResourcePatternTypes.ANY,
  operation: kafkajs.AclOperationTypes.ANY,
  permissionType: kafkajs.AclPermissionTypes.ANY,
};

const everyAclOf = (user: string): AclFilter => ({ ...everyAcl, principal: `User:${user}` });

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
