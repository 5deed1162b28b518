/**
 * Method and path of each route that the console calls. The types hold this table to the API's contract, letter by letter,
 * so that nothing of the contract (schemas, zod) has to be in the browser.
 */
import type { RouteName, routes } from '../../../api/contract/routes.ts';

type Paths = {
  readonly [N in RouteName]: {
    readonly method: (typeof routes)[N]['method'];
    readonly path: (typeof routes)[N]['path'];
  };
};

export const paths: Paths = {
  session: { method: 'GET', path: '/api/session' },
  pipelines: { method: 'GET', path: '/api/pipelines' },
  pipeline: { method: 'GET', path: '/api/pipelines/:pipeline' },
  graph: { method: 'GET', path: '/api/pipelines/:pipeline/graph' },
  history: { method: 'GET', path: '/api/pipelines/:pipeline/history' },
  ledger: { method: 'GET', path: '/api/pipelines/:pipeline/ledger' },
  acknowledge: { method: 'POST', path: '/api/pipelines/:pipeline/ledger/acknowledge' },
  lag: { method: 'GET', path: '/api/pipelines/:pipeline/lag' },
  pathways: { method: 'GET', path: '/api/pipelines/:pipeline/pathways' },
  objectives: { method: 'GET', path: '/api/pipelines/:pipeline/objectives' },
  alerts: { method: 'GET', path: '/api/alerts' },
  deadLetters: { method: 'GET', path: '/api/pipelines/:pipeline/dead-letters' },
  topics: { method: 'GET', path: '/api/pipelines/:pipeline/topics' },
  messages: { method: 'GET', path: '/api/pipelines/:pipeline/topics/:topic/messages' },
  tables: { method: 'GET', path: '/api/pipelines/:pipeline/tables' },
  rows: { method: 'GET', path: '/api/pipelines/:pipeline/tables/:table/rows' },
  jobs: { method: 'GET', path: '/api/pipelines/:pipeline/jobs' },
  services: { method: 'GET', path: '/api/services' },
  parameters: { method: 'GET', path: '/api/pipelines/:pipeline/parameters' },
  consequences: { method: 'GET', path: '/api/pipelines/:pipeline/consequences' },
  deploy: { method: 'POST', path: '/api/pipelines' },
  destroy: { method: 'DELETE', path: '/api/pipelines/:pipeline' },
  stop: { method: 'POST', path: '/api/pipelines/:pipeline/stop' },
  start: { method: 'POST', path: '/api/pipelines/:pipeline/start' },
  scale: { method: 'POST', path: '/api/pipelines/:pipeline/services/:service/scale' },
  restart: { method: 'POST', path: '/api/pipelines/:pipeline/services/:service/restart' },
  preview: { method: 'POST', path: '/api/plans' },
  operations: { method: 'GET', path: '/api/operations' },
  operation: { method: 'GET', path: '/api/operations/:operation' },
  cancelOperation: { method: 'POST', path: '/api/operations/:operation/cancel' },
  catalog: { method: 'GET', path: '/api/catalog' },
  cluster: { method: 'GET', path: '/api/cluster' },
  logs: { method: 'GET', path: '/api/tasks/:task/logs' },
  traces: { method: 'GET', path: '/api/traces' },
  trace: { method: 'GET', path: '/api/traces/:traceId' },
  heatmap: { method: 'GET', path: '/api/heatmap' },
  telemetry: { method: 'GET', path: '/api/telemetry' },
  events: { method: 'GET', path: '/api/events' },
};
