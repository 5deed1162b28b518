import { expect, it } from '@jest/globals';
import { auth, Client } from 'cassandra-driver';
import { cassandraAccess, dataCenter } from '../../../platform/frameworks/cassandra/access.ts';
import { type CassandraAdmin, connectCassandraAdmin } from '../../../platform/frameworks/cassandra/admin.ts';
import { cassandraPackage } from '../../../platform/frameworks/cassandra/package.ts';
import type { CassandraOptions } from '../../../platform/frameworks/cassandra/spec.ts';
import type { FrameworkAccess } from '../../../platform/frameworks/contract.ts';
import { tableSpec } from '../../../platform/model/blueprint.ts';
import { frameworkSuite, type Server } from './suite.ts';

type Access = FrameworkAccess<CassandraOptions>;

const orders = {
  name: 'orders',
  spec: tableSpec.parse({
    columns: {
      shop: { type: 'string' },
      order: { type: 'long' },
      paidAt: { type: 'timestamp' },
      total: { type: 'double' },
    },
    partitionKey: ['shop'],
    clusteringKey: [{ column: 'order', order: 'desc' }],
    ttlSeconds: 3600,
  }),
};
const marks = { name: 'marks', spec: tableSpec.parse({ columns: { id: { type: 'string' } }, partitionKey: ['id'] }) };
const nothing = { created: [], columnsAdded: [], timeToLiveChanged: [] };

frameworkSuite(cassandraPackage, 12230, { refusesForeignData: true, write: writeMark, read: readMark }, adminVerbs);

function adminVerbs(server: Server<CassandraOptions>): void {
  const asAdmin = <T>(use: (admin: CassandraAdmin) => Promise<T>) => withAdmin(server.room.access, use);
  const asRole = (password: string, cql: string) => run(server.room.access, 'pipeline_shop', password, cql);

  it('describes the cluster', async () => {
    const found = await asAdmin((admin) => admin.describe());
    expect(found).toMatchObject({ version: cassandraPackage.version, nodes: ['127.0.0.1'] });
  });
  it('has no default superuser, and nothing left to secure', async () => {
    await expect(run(server.room.access, 'cassandra', 'cassandra', 'SELECT * FROM system.local')).rejects.toThrow();
    expect(await asAdmin((admin) => admin.secure())).toEqual([]);
  });
  it('refuses to work on another cluster', async () => {
    const asked = connectCassandraAdmin({ ...server.room.access, identity: 'another' });
    await expect(asked).rejects.toMatchObject({ code: 'WRONG_IDENTITY' });
  });
  it('makes a keyspace and tables, and changes nothing the second time', async () => {
    expect(await asAdmin((admin) => admin.ensureKeyspace('shop'))).toBe(true);
    expect(await asAdmin((admin) => admin.ensureKeyspace('shop'))).toBe(false);
    expect(await asAdmin((admin) => admin.ensureTables('shop', [orders]))).toEqual({ ...nothing, created: ['orders'] });
    expect(await asAdmin((admin) => admin.ensureTables('shop', [orders]))).toEqual(nothing);
  });
  it('adds columns, and changes how long rows live', async () => {
    const columns = { ...orders.spec.columns, note: { type: 'string' as const, doc: '' } };
    const more = { name: 'orders', spec: { ...orders.spec, columns, ttlSeconds: 60 } };
    const changes = { created: [], columnsAdded: ['orders.note'], timeToLiveChanged: ['orders'] };
    expect(await asAdmin((admin) => admin.ensureTables('shop', [more]))).toEqual(changes);
    expect(await asAdmin((admin) => admin.ensureTables('shop', [more]))).toEqual(nothing);
  });
  it.each([
    ['partition key', { partitionKey: ['shop', 'order'], clusteringKey: [] }],
    ['clustering key', { clusteringKey: [{ column: 'order', order: 'asc' as const }] }],
    ['type of a column', { columns: { ...orders.spec.columns, total: { type: 'int' as const, doc: '' } } }],
  ])('refuses another %s, and then makes none of the other tables', async (_, change) => {
    const changed = { name: 'orders', spec: { ...orders.spec, ...change } };
    const asked = asAdmin((admin) => admin.ensureTables('shop', [{ ...marks, name: 'further' }, changed]));
    await expect(asked).rejects.toMatchObject({ code: 'TABLE_CHANGED' });
    const further = asAdmin((admin) => admin.ensureTables('shop', [{ ...marks, name: 'further' }]));
    expect(await further).toMatchObject({ created: ['further'] });
    await run(server.room.access, null, '', 'DROP TABLE shop.further');
  });
  it('lets a role work on its keyspace, and on nothing else', async () => {
    for (const password of ["it's", 'second'])
      await asAdmin((admin) => admin.ensureRole('pipeline_shop', password, 'shop'));
    await asRole('second', `INSERT INTO shop.orders (shop, "order") VALUES ('one', 1)`);
    await expect(asRole('second', 'DROP TABLE shop.orders')).rejects.toThrow('has no DROP permission');
    await expect(asRole('second', 'SELECT * FROM system_auth.roles')).rejects.toThrow('has no SELECT permission');
  });
  it('drops the tables that are named and there, and leaves the others with their rows', async () => {
    await asAdmin((admin) => admin.ensureTables('shop', [{ ...marks, name: 'further' }]));
    expect(await asAdmin((admin) => admin.dropTables('shop', ['further', 'nowhere']))).toEqual(['further']);
    expect(await asAdmin((admin) => admin.dropTables('shop', ['further']))).toEqual([]);
    expect(await run(server.room.access, null, '', 'SELECT * FROM shop.orders')).toBe(1);
  });
  it('removes roles and keyspaces, and answers false the second time', async () => {
    expect(await asAdmin((admin) => admin.listRoles())).toEqual(['pipeline_shop']);
    expect(await asAdmin((admin) => admin.removeRole('pipeline_shop'))).toBe(true);
    expect(await asAdmin((admin) => admin.removeRole('pipeline_shop'))).toBe(false);
    expect(await asAdmin((admin) => admin.listRoles())).toEqual([]);
    expect(await asAdmin((admin) => admin.listKeyspaces())).toEqual(['shop']);
    expect(await asAdmin((admin) => admin.dropKeyspace('shop'))).toBe(true);
    expect(await asAdmin((admin) => admin.dropKeyspace('shop'))).toBe(false);
    expect(await asAdmin((admin) => admin.listKeyspaces())).toEqual([]);
  });
}

async function withAdmin<T>(access: Access, use: (admin: CassandraAdmin) => Promise<T>): Promise<T> {
  const admin = await connectCassandraAdmin(access);
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

/** Runs one statement as the role; as the administrator when it is null. */
async function run(access: Access, role: string | null, password: string, cql: string): Promise<number> {
  const login = {
    keyspace: '',
    role: role ?? 'millrace_admin',
    password: role === null ? access.secret('admin') : password,
  };
  const { contactPoints, username, password: word } = cassandraAccess(access, login);
  const authProvider = new auth.PlainTextAuthProvider(username, word);
  const client = new Client({ contactPoints: [...contactPoints], localDataCenter: dataCenter, authProvider });
  try {
    await client.connect();
    return (await client.execute(cql)).rowLength;
  } finally {
    await client.shutdown();
  }
}

async function writeMark(access: Access): Promise<void> {
  await withAdmin(access, async (admin) => {
    await admin.ensureKeyspace('mark');
    await admin.ensureTables('mark', [marks]);
  });
  await run(access, null, '', `INSERT INTO mark.marks (id) VALUES ('${access.identity}')`);
}

async function readMark(access: Access): Promise<boolean> {
  return (await run(access, null, '', `SELECT id FROM mark.marks WHERE id = '${access.identity}'`)) === 1;
}
