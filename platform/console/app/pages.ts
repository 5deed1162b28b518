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
];
