import { Dialog } from '../ui/Dialog.tsx';
import { turnShortcuts, useShortcutBoard } from './useShortcuts.ts';

export function HelpDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const { groups, on } = useShortcutBoard();
  return (
    <Dialog open={open} title="Keyboard" onClose={onClose}>
      <label className="check">
        <input type="checkbox" checked={on} onChange={(event) => turnShortcuts(event.target.checked)} />
        Shortcuts are on
      </label>
      <div className="shortcuts">
        {groups.map(({ title, shortcuts }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {shortcuts.map(({ keys, title }) => (
                <div key={keys}>
                  <dt>
                    {keys.split(' ').map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{title}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
