/** What all that is done with a home's containers needs. */
import type { Home } from '../../home.ts';
import type { Node } from '../../model/cluster.ts';
import { taskPaths } from '../tasks/layout.ts';
import type { Share } from './container.ts';
import type { Engine } from './engine.ts';
import type { Names } from './names.ts';

export interface Around {
  readonly home: Home;
  readonly engine: Engine;
  readonly names: Names;
  readonly image: string;
  readonly shares: readonly Share[];
  nodes(): readonly Node[];
}

export const pathsOf = ({ home }: Pick<Around, 'home'>, id: string) => taskPaths(home, id, home.containersDir);
