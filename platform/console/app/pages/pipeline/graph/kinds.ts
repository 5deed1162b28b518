/** A mark for each kind of node, of lines on a field of 16. */
import type { GraphNode } from '../../../../../api/contract/pipelines.ts';

export const kindMarks: Readonly<Record<GraphNode['kind'], string>> = {
  feed: 'M3 5a8 8 0 0 1 8 8M3 9a4 4 0 0 1 4 4M3.5 13h.01',
  ingress: 'M2 8h8M7 5l3 3-3 3M10 2.5h3.500v11H10',
  topic: 'M2 4.500h12M2 8h12M2 11.500h12M5 3v3M10 6.500v3M7 10v3',
  job: 'M9 1.800L3.5 9H8l-1 5.200L12.5 7H8z',
  flow: 'M2 8c2-4 4-4 6 0s4 4 6 0',
  table: 'M2.5 3h11v10h-11zM2.5 6.300h11M6.5 6.300V13',
  projection: 'M3 13V9M6.5 13V5M10 13V7.500M13.5 13V3',
  queue: 'M2.5 3h11M2.5 6.500h11M2.5 10h7M2.5 13.500h4',
  service: 'M8 1.800l5.4 3.100v6.200L8 14.2 2.6 11.100V4.900zM2.6 4.900L8 8l5.4-3.100M8 8v6.2',
};
