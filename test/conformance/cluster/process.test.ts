import { processHarness } from './harness.ts';
import { clusterSuite } from './suite.ts';

clusterSuite('process', 12_100, processHarness);
