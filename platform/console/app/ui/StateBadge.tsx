import type { ReactNode } from 'react';

/** How a state looks. Never by colour alone: its name stands beside. */
export type Tone = 'good' | 'calm' | 'warn' | 'bad' | 'busy' | 'off';

const tones: Readonly<Record<string, Tone>> = {
  flowing: 'good',
  ok: 'good',
  running: 'good',
  done: 'good',
  balanced: 'good',
  resolved: 'good',
  idle: 'calm',
  waiting: 'calm',
  degraded: 'warn',
  backoff: 'warn',
  'in-flight': 'busy',
  deploying: 'busy',
  destroying: 'busy',
  starting: 'busy',
  stalled: 'bad',
  failed: 'bad',
  down: 'bad',
  unbalanced: 'bad',
  firing: 'bad',
  stopped: 'off',
  unknown: 'off',
  undone: 'off',
  cancelled: 'off',
};

export function toneOf(state: string): Tone {
  return tones[state] ?? 'off';
}

export function StateBadge({ state, title }: { readonly state: string; readonly title?: string }) {
  return (
    <Badge tone={toneOf(state)} title={title}>
      {state}
    </Badge>
  );
}

export function Badge(props: {
  readonly tone: Tone;
  readonly title?: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    <span className={`badge ${props.tone}`} title={props.title}>
      <span className="dot" aria-hidden="true" />
      {props.children}
    </span>
  );
}
