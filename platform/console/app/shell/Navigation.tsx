import { navigationGroups, pages } from '../pages.ts';
import { Icon, Logo } from '../ui/Icon.tsx';
import { useApp, useLive } from './context.ts';
import { hrefOf } from './routing.ts';
import { ThemeSwitch } from './ThemeSwitch.tsx';
import { usePlace } from './usePlace.ts';

export function Navigation({ onHelp }: { readonly onHelp: () => void }) {
  const { path } = usePlace();
  const { version } = useApp();
  const connection = useLive((state) => state.connection);
  const here = path === '/' ? pages[0]!.path : path;
  return (
    <header className="side">
      <a className="brand" href={hrefOf('/')} aria-label="Millrace">
        <Logo />
        <span>Millrace</span>
      </a>
      <nav aria-label="Main">
        {navigationGroups.map((group) => {
          const members = pages.filter(({ navigation }) => navigation?.group === group);
          if (members.length === 0) return null;
          return (
            <section key={group} aria-labelledby={`nav-${group}`}>
              <h2 id={`nav-${group}`}>{group}</h2>
              <ul>
                {members.map(({ path, title, navigation }) => {
                  const inside = here === path || here.startsWith(`${path}/`);
                  return (
                    <li key={path}>
                      <a href={hrefOf(path)} aria-current={here === path ? 'page' : inside ? 'true' : undefined}>
                        <Icon name={navigation!.icon} />
                        <span>{title}</span>
                        <kbd>{navigation!.keys}</kbd>
                      </a>
                    </li>
                  );
                })}
              </ul>
            </section>
          );
        })}
      </nav>
      <footer>
        <div className="link-state" data-connection={connection}>
          <span className="dot" aria-hidden="true" />
          {connection === 'open' ? 'Live' : connection === 'lost' ? 'Not connected' : 'Connecting'}
        </div>
        <ThemeSwitch />
        <button
          type="button"
          className="quiet icon-button"
          onClick={onHelp}
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts (?)"
        >
          <Icon name="help" />
        </button>
        <small className="version">{version}</small>
      </footer>
    </header>
  );
}
