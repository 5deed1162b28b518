import { dockerHarness, missingForDocker } from './docker-harness.ts';
import { clusterSuite } from './suite.ts';

clusterSuite('docker', 12_200, dockerHarness, missingForDocker());
