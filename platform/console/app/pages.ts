/** Every page, once: its path, its name, where it stands in the navigation, its shortcut, and how it is loaded. */
import type { ComponentType } from 'react';
import type { IconName } from './ui/Icon.tsx';

export interface PageProps {
  /** Out of the path: `/pipelines/:pipeline` gives `pipeline`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

export interface Page {
  readonly path: string;
  readonly title: string;
  /** Where the navigation shows it; a page without is reached by a link. */
  readonly navigation?: { readonly group: NavigationGroup; readonly icon: IconName; readonly keys: string };
  readonly load: () => Promise<ComponentType<PageProps>>;
}

export const navigationGroups = ['Observe', 'Operate', 'Data'] as const;
export type NavigationGroup = (typeof navigationGroups)[number];

/** The first one is where the console starts. */
export const pages: readonly Page[] = [
  {
    path: '/pipelines',
    title: 'Pipelines',
    navigation: { group: 'Observe', icon: 'pipelines', keys: 'g p' },
    load: async () => (await import('./pages/pipelines/Pipelines.tsx')).Pipelines,
  },
  {
    path: '/pipelines/:pipeline',
    title: 'Pipeline',
    load: async () => (await import('./pages/pipeline/Pipeline.tsx')).Pipeline,
  },
  {
    path: '/traces',
    title: 'Traces',
    navigation: { group: 'Observe', icon: 'traces', keys: 'g t' },
    load: async () => (await import('./pages/traces/Traces.tsx')).Traces,
  },
  {
    path: '/traces/:trace',
    title: 'Trace',
    load: async () => (await import('./pages/traces/Trace.tsx')).Trace,
  },
  {
    path: '/alerts',
    title: 'Alerts',
    navigation: { group: 'Observe', icon: 'warning', keys: 'g a' },
    load: async () => (await import('./pages/alerts/Alerts.tsx')).Alerts,
  },
  {
    path: '/events',
    title: 'Events',
    navigation: { group: 'Observe', icon: 'events', keys: 'g e' },
    load: async () => (await import('./pages/events/Events.tsx')).Events,
  },
  {
    path: '/logs',
    title: 'Logs',
    navigation: { group: 'Observe', icon: 'logs', keys: 'g l' },
    load: async () => (await import('./pages/logs/Logs.tsx')).Logs,
  },
  { path: '/logs/:task', title: 'Logs', load: async () => (await import('./pages/logs/Logs.tsx')).Logs },
  {
    path: '/telemetry',
    title: 'Telemetry',
    navigation: { group: 'Observe', icon: 'telemetry', keys: 'g m' },
    load: async () => (await import('./pages/telemetry/Telemetry.tsx')).Telemetry,
  },
  {
    path: '/operations',
    title: 'Operations',
    navigation: { group: 'Operate', icon: 'operations', keys: 'g o' },
    load: async () => (await import('./pages/plan/Operations.tsx')).Operations,
  },
  {
    path: '/operations/:operation',
    title: 'Operation',
    load: async () => (await import('./pages/plan/Operation.tsx')).Operation,
  },
  {
    path: '/catalog',
    title: 'Catalog',
    navigation: { group: 'Operate', icon: 'catalog', keys: 'g c' },
    load: async () => (await import('./pages/catalog/Catalog.tsx')).Catalog,
  },
  {
    path: '/catalog/:blueprint',
    title: 'Configure',
    load: async () => (await import('./pages/catalog/Configure.tsx')).Configure,
  },
  {
    path: '/cluster',
    title: 'Cluster',
    navigation: { group: 'Operate', icon: 'cluster', keys: 'g n' },
    load: async () => (await import('./pages/cluster/Cluster.tsx')).Cluster,
  },
  {
    path: '/services',
    title: 'Services',
    navigation: { group: 'Operate', icon: 'services', keys: 'g s' },
    load: async () => (await import('./pages/services/Services.tsx')).Services,
  },
  {
    path: '/topics',
    title: 'Topics',
    navigation: { group: 'Data', icon: 'topics', keys: 'g k' },
    load: async () => (await import('./pages/topics/Topics.tsx')).Topics,
  },
  {
    path: '/topics/:pipeline/:topic',
    title: 'Topic',
    load: async () => (await import('./pages/topics/Topic.tsx')).Topic,
  },
  {
    path: '/tables',
    title: 'Tables',
    navigation: { group: 'Data', icon: 'tables', keys: 'g b' },
    load: async () => (await import('./pages/tables/Tables.tsx')).Tables,
  },
  {
    path: '/tables/:pipeline/:table',
    title: 'Table',
    load: async () => (await import('./pages/tables/TablePage.tsx')).TablePage,
  },
  {
    path: '/jobs',
    title: 'Jobs',
    navigation: { group: 'Data', icon: 'jobs', keys: 'g j' },
    load: async () => (await import('./pages/jobs/Jobs.tsx')).Jobs,
  },
];
