import { expect, test } from '@jest/globals';
import { MillraceError } from '../../../platform/errors.ts';
import { defineBlueprint } from '../../../platform/sdk/defineBlueprint.ts';
import { envelope, int, schema, string } from '../../../platform/sdk/fields.ts';
import type { Kit } from '../../../platform/sdk/kit.ts';
import { integer } from '../../../platform/sdk/parameters.ts';

const order = schema('order', { customer: string('Who ordered'), items: int() });
const resources = { cpus: 0.1, memoryMiB: 64 };

function addShop(kit: Kit, partitions: number): void {
  const orders = kit.topic('orders', { schema: order, partitions, key: 'customer' });
  const columns = { event_id: envelope.event_id, ...order.fields };
  kit.store('store-orders', { from: orders, to: kit.table('orders', { columns, partitionKey: ['event_id'] }) });
  const limits = { maxEventBytes: 1000, maxEventsPerSecond: 10 };
  const ingress = kit.ingress('ingress', { into: orders, ...limits, endpoint: 'ingress', resources });
  const api = kit.service('api', { entry: 'services/api.ts', uses: ['cassandra'], endpoint: 'api', resources });
  const event = { customer: '{mark}', items: 1 };
  kit.verify({ ingress, api, eventType: 'order', event, readBackPath: '/e/{eventId}', countPath: '/m/{mark}' });
}

const parameters = { partitions: integer({ default: 3, minimum: 1, maximum: 8, doc: 'Partitions' }) };
const about = { name: 'shop', title: 'Shop', description: 'Orders' };
const shop = defineBlueprint({ ...about, parameters, build: (p, kit) => addShop(kit, p.partitions) });

function faultOf(build: (kit: Kit) => void): unknown {
  try {
    defineBlueprint({ ...about, parameters: {}, build: (_, kit) => build(kit) }).build({});
  } catch (error) {
    return error instanceof MillraceError ? { code: error.code, ...error.details } : error;
  }
  return undefined;
}

test('references become names, and defaults are filled in', () => {
  const spec = shop.build({ partitions: 5 });
  expect(spec.topics.orders).toMatchObject({ partitions: 5, key: 'customer', retentionMs: 86_400_000 });
  expect(spec.flows['store-orders']).toEqual({
    from: { kind: 'kafka', topic: 'orders' },
    to: { kind: 'cassandra', table: 'orders', omit: [] },
    group: 'sinks',
  });
  expect(spec.verify).toMatchObject({ ingressService: 'ingress', apiService: 'api' });
});

test('the spec is inert: it survives JSON, and the same parameters give the same spec', () => {
  const spec = shop.build({ partitions: 5 });
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  expect(shop.build({ partitions: 5 })).toEqual(spec);
});

test('a fault against the schema is named with its path', () => {
  const withName = (name: string) => (kit: Kit) => {
    addShop(kit, 1);
    kit.topic(name, { schema: order });
  };
  expect(faultOf(withName('Upper_Case'))).toMatchObject({ code: 'INVALID_BLUEPRINT', path: 'topics.Upper_Case' });
  expect(faultOf((kit) => addShop(kit, 0))).toMatchObject({
    code: 'INVALID_BLUEPRINT',
    path: 'topics.orders.partitions',
  });
});

test('two parts of one kind and name are refused', () => {
  const twice = (kit: Kit) => {
    kit.topic('orders', { schema: order });
    kit.topic('orders', { schema: order });
  };
  expect(faultOf(twice)).toMatchObject({
    code: 'INVALID_BLUEPRINT',
    reason: 'there is a second "orders" among the topics',
  });
});

test('a blueprint that can not be verified is refused', () => {
  expect(faultOf((kit) => kit.topic('orders', { schema: order }))).toMatchObject({
    code: 'INVALID_BLUEPRINT',
    path: 'verify',
  });
});
