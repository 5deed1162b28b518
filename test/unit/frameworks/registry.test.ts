import { describe, expect, it } from '@jest/globals';
import { frameworkNamed, frameworks, optionsOf, optionsSchema } from '../../../platform/frameworks/registry.ts';
import { frameworkNames } from '../../../platform/model/plan.ts';

describe('the registry of frameworks', () => {
  it.each(frameworkNames)('has %s under its own name, with a version and documented options', (name) => {
    const framework = frameworks[name];
    expect(framework.name).toBe(name);
    expect(framework.version).toMatch(/^\d+\.\d+/);
    expect(optionsSchema(framework)).toMatchObject({ type: 'object' });
  });
  it('refuses an unknown framework', () => {
    expect(() => frameworkNamed('storm')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
  it.each([
    ['kafka', { brokers: 4 }, 'brokers'],
    ['kafka', { heapMiB: 'much' }, 'heapMiB'],
    ['cassandra', { nodes: 0 }, 'nodes'],
    ['cassandra', { profile: 'mainframe' }, 'profile'],
    ['redis', { maxMemoryMiB: 1 }, 'maxMemoryMiB'],
    ['redis', { colour: 'red' }, '(all options)'],
  ] as const)('names the path of a fault in the options of %s: %j', (name, options, path) => {
    const details = expect.objectContaining({ framework: name, path });
    expect(() => optionsOf(frameworks[name], options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', details }),
    );
    expect(() => frameworks[name].demands(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });
  it('fills in defaults', () => {
    expect(optionsOf(frameworks.kafka, undefined)).toMatchObject({ brokers: 1, profile: 'laptop' });
    expect(frameworks.cassandra.demands({})).toHaveLength(1);
  });
});
