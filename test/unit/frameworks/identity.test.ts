import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { identifier, literal } from '../../../platform/frameworks/cassandra/cql.ts';
import { kafkaClusterId } from '../../../platform/frameworks/kafka/access.ts';
import { identityUser } from '../../../platform/frameworks/redis/access.ts';

describe('identities', () => {
  it('give Kafka a cluster id as kafka-storage makes them: 22 characters, no dash in front', () => {
    fc.assert(fc.property(fc.string(), (identity) => /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/.test(kafkaClusterId(identity))));
  });
  it('give Redis a user name without spaces', () => {
    fc.assert(fc.property(fc.string(), (identity) => /^millrace-[0-9a-f]{24}$/.test(identityUser(identity))));
  });
  it('differ where the installations differ', () => {
    const distinct = ([one, other]: string[]) => one !== other;
    const pair = fc.tuple(fc.string(), fc.string()).filter(distinct);
    fc.assert(fc.property(pair, ([one, other]) => kafkaClusterId(one) !== kafkaClusterId(other)));
    fc.assert(fc.property(pair, ([one, other]) => identityUser(one) !== identityUser(other)));
  });
});

describe('CQL text', () => {
  it('never ends a quoted name or text early', () => {
    const closed = (quoted: string, quote: string) =>
      !quoted
        .slice(1, -1)
        .replaceAll(quote + quote, '')
        .includes(quote);
    fc.assert(fc.property(fc.string(), (name) => closed(identifier(name), '"')));
    fc.assert(fc.property(fc.string(), (text) => closed(literal(text), "'")));
  });
});
