/** What can be deployed. */
import { useQuery } from '../../api/useQuery.ts';
import { plural } from '../../format/numbers.ts';
import type { PageProps } from '../../pages.ts';
import { hrefOf, segment } from '../../shell/routing.ts';
import { Answer } from '../../ui/Answer.tsx';
import { PageHead } from '../../ui/PageHead.tsx';
import { Empty } from '../../ui/states.tsx';
import { Configure } from './Configure.tsx';
import './catalog.css';

export function Catalog({ query }: PageProps) {
  // A pipeline's page leads here to configure it anew.
  if (query.blueprint) return <Configure params={{ blueprint: query.blueprint }} query={query} />;
  return <List />;
}

function List() {
  const found = useQuery('catalog', {});
  return (
    <>
      <PageHead title="Catalog" />
      <Answer of={found}>
        {(entries) =>
          entries.length === 0 ? (
            <Empty title="There is no blueprint">
              <p>
                A blueprint is a folder under <code>blueprints/</code>; docs/how-to/write-a-blueprint.md tells how to
                write one.
              </p>
            </Empty>
          ) : (
            <ul className="catalog">
              {entries.map(({ blueprint, title, description, parameters }) => (
                <li key={blueprint} className="card">
                  <div className="card-body stack">
                    <h2>
                      <a href={hrefOf(`/catalog/${segment(blueprint)}`)}>{title}</a>
                    </h2>
                    <p>{description}</p>
                    <p className="muted">
                      <code>{blueprint}</code> · {plural(parameters.length, 'parameter')}
                    </p>
                    <div>
                      <a className="button primary" href={hrefOf(`/catalog/${segment(blueprint)}`)}>
                        Configure<span className="sr-only"> {title}</span>
                      </a>
                    </div>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </>
  );
}
