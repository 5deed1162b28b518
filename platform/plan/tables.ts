/** Checks a table by itself: its keys are columns of it. */
import type { TableSpec } from '../model/blueprint.ts';
import type { Reason } from '../model/cluster.ts';
import { mustExist } from './fields.ts';
import { faultAt } from './reasons.ts';

export function checkTable(path: string, { columns, partitionKey, clusteringKey }: TableSpec): Reason[] {
  const keys = [...partitionKey, ...clusteringKey.map(({ column }) => column)];
  const twice = keys.filter((column, index) => keys.indexOf(column) !== index);
  return [
    ...partitionKey.flatMap((column) => mustExist(`${path}.partitionKey`, 'column', column, columns)),
    ...clusteringKey.flatMap(({ column }) => mustExist(`${path}.clusteringKey`, 'column', column, columns)),
    ...twice.map((column) => faultAt(path, `column "${column}" stands in the primary key twice`)),
  ];
}
