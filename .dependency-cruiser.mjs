/** The map of who may import whom (CONTRIBUTING). Pure rooms know only the model; clients live in connectors and frameworks. */
const pure = '^platform/(plan|allocate|reconcile|objectives)/';
export default {
  forbidden: [
    {
      name: 'model-imports-only-model',
      severity: 'error',
      from: { path: '^platform/model/' },
      to: { path: '^platform/', pathNot: '^platform/(model|errors)' },
    },
    {
      name: 'pure-rooms-do-no-io',
      comment: 'plan, allocate, reconcile and objectives decide; activities and jobs act.',
      severity: 'error',
      from: { path: pure },
      to: { path: '^(node:)?(fs|net|http|https|child_process|dgram|tls|worker_threads)(/|$)', reachable: true },
    },
    {
      name: 'workflows-are-deterministic',
      severity: 'error',
      from: { path: '^platform/workflows/' },
      to: {
        path: '^platform/',
        pathNot: '^platform/(workflows|model|errors|plan|allocate|reconcile)',
      },
    },
    {
      name: 'workflows-import-no-client',
      severity: 'error',
      from: { path: '^platform/workflows/' },
      to: { path: 'node_modules/(kafkajs|cassandra-driver|ioredis|bullmq|fastify)/' },
    },
    {
      name: 'data-clients-live-in-connectors',
      comment: 'frameworks keep their admin clients; the SDK hands ready-made clients to services; jobs have BullMQ.',
      severity: 'error',
      from: { path: '^platform/', pathNot: '^platform/(connectors|frameworks|sdk|jobs)/' },
      to: { path: 'node_modules/(kafkajs|cassandra-driver|ioredis|bullmq)/' },
    },
    {
      name: 'driver-behind-its-contract',
      severity: 'error',
      from: { path: '^platform/(frameworks|connectors|plan|sdk|telemetry|verify|observe)/' },
      to: { path: '^platform/cluster/process/' },
    },
    {
      name: 'nothing-imports-the-cli',
      severity: 'error',
      from: { path: '^(platform|blueprints)/', pathNot: '^platform/cli/' },
      to: { path: '^platform/cli/' },
    },
    {
      name: 'the-console-knows-the-contract-only',
      comment: 'Types alone: what runs in the browser is the app and its libraries.',
      severity: 'error',
      from: { path: '^platform/console/app/' },
      to: { path: '^platform/', pathNot: '^platform/(console/app|api/contract)/' },
    },
    {
      name: 'contract-in-the-browser-as-types',
      severity: 'error',
      from: { path: '^platform/console/app/' },
      to: { path: '^platform/api/contract/|node_modules/zod/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-imports-the-app',
      severity: 'error',
      from: { path: '^(platform|blueprints)/', pathNot: '^platform/console/app/' },
      to: { path: '^platform/console/app/' },
    },
    {
      name: 'observe-only-reads',
      severity: 'error',
      from: { path: '^platform/observe/' },
      to: { path: '^platform/(activities|control|workflows|connectors|sdk|plan)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    tsConfig: { fileName: new URL('tsconfig.json', import.meta.url).pathname },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
};
