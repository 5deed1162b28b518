import { Icon } from '../ui/Icon.tsx';
import { chooseTheme, type Theme, useTheme } from './theme.ts';

const next: Readonly<Record<Theme, Theme>> = { system: 'dark', dark: 'light', light: 'system' };
const icons = { system: 'system', dark: 'moon', light: 'sun' } as const;

export function ThemeSwitch() {
  const theme = useTheme();
  const label = `Theme: ${theme}. Change to ${next[theme]}`;
  return (
    <button
      type="button"
      className="quiet icon-button"
      aria-label={label}
      title={label}
      onClick={() => chooseTheme(next[theme])}
    >
      <Icon name={icons[theme]} />
    </button>
  );
}
