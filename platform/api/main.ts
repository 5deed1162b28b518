/**
 * The API's process. Started by the agent, supervised, replaceable at any moment: what it has to keep (events, keys, history,
 * telemetry) is on disk, and what it began goes on in the workflows. What it serves with is loaded only when a home's first
 * deploy has ended: until then there is nothing to show, and the deploy needs the cores.
 */
import { getPriority, setPriority } from 'node:os';
import { homeOf } from '../home.ts';
import { createRecords } from '../records/records.ts';
import { firstDeployOver, forgetAnnouncement, isDeployAnnounced } from './firstDeploy.ts';

/** Behind everything that serves data; the driver's tier does the same where it can. */
const niceness = 10;

// One that was started at a still lower priority may not raise it.
if (getPriority() < niceness) setPriority(niceness);
const home = homeOf(process.env);
await firstDeployOver(createRecords(home), () => isDeployAnnounced(home));
forgetAnnouncement(home);
await import('./serve.ts');
