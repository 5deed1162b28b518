import { describe, expect, test } from '@jest/globals';
import { mavenLockOf } from '../../../platform/artifacts/locks.ts';
import { renderIvy, renderPom } from '../../../platform/artifacts/maven.ts';

const lock = mavenLockOf('cassandra');

describe('what Maven and Ivy are told', () => {
  test('a pom names every pinned jar and asks for nothing that they depend on', () => {
    const pom = renderPom(lock, '/cache/a & b');
    expect(pom.match(/<dependency>/g)).toHaveLength(lock.jars.length);
    expect(pom.match(/<groupId>\*<\/groupId><artifactId>\*<\/artifactId>/g)).toHaveLength(lock.jars.length);
    expect(pom).toContain('<outputDirectory>/cache/a &#38; b</outputDirectory>');
    expect(pom).toContain(
      '<artifactId>cassandra-driver-core</artifactId><version>3.12.1</version><classifier>shaded</classifier>',
    );
  });

  test('an Ivy file has one dependency per module and one artifact per jar', () => {
    const ivy = renderIvy(lock);
    const modules = new Set(lock.jars.map(({ group, name, version }) => `${group}:${name}:${version}`));
    expect(ivy.match(/<dependency /g)).toHaveLength(modules.size);
    expect(ivy.match(/<artifact /g)).toHaveLength(lock.jars.length);
    expect(ivy.match(/transitive="false"/g)).toHaveLength(modules.size);
    expect(ivy).toContain('<artifact name="jffi" type="jar" ext="jar" m:classifier="native"/>');
  });
});
