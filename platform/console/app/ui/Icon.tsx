/** Our own few icons, of lines on a field of 16; they say nothing that a text beside does not say. */
const drawings = {
  pipelines: 'M2 4h3l3 4h6M2 12h3l3-4M12 6l2 2-2 2',
  traces: 'M2 3.500h6M5 8h7M9 12.500h5',
  operations: 'M3 4.500l1.3 1.300L6.5 3.500M3 11l1.3 1.300L6.5 10M9 5h5M9 11.500h5',
  catalog: 'M2.5 2.500h4.500v4.500H2.500zM9 2.500h4.500v4.500H9zM2.5 9h4.500v4.500H2.500zM9 9h4.500v4.500H9z',
  cluster: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.010M5 11h.01',
  services: 'M8 1.800l5.4 3.100v6.200L8 14.2 2.6 11.100V4.900zM2.6 4.900L8 8l5.4-3.100M8 8v6.2',
  topics: 'M2 4.500h12M2 8h12M2 11.500h12M5 3v3M10 6.500v3M7 10v3',
  tables: 'M2.5 3h11v10h-11zM2.5 6.300h11M2.5 9.600h11M6.5 6.300V13',
  jobs: 'M9 1.800L3.5 9H8l-1 5.200L12.5 7H8z',
  logs: 'M3 3.500h10M3 6.500h7M3 9.500h10M3 12.500h5',
  events: 'M8 2.500v2M8 11.500v2M2.5 8h2M11.5 8h2M8 6a2 2 0 1 0 .01 0z',
  telemetry: 'M1.500 9h3l2-5 3 8 2-4h3',
  help: 'M8 1.800a6.2 6.2 0 1 0 .01 0zM6.3 6.200a1.75 1.75 0 1 1 2.5 1.600c-.6.3-.8.6-.8 1.200M8 11.400h.01',
  close: 'M4 4l8 8M12 4l-8 8',
  warning: 'M8 2.200l6.3 11H1.700zM8 6.500v3.200M8 11.600h.01',
  sun: 'M8 5a3 3 0 1 0 .01 0zM8 1.500v1.300M8 13.200v1.300M1.5 8h1.300M13.2 8h1.300M3.4 3.400l.9.9M11.7 11.700l.9.9M3.4 12.600l.9-.9M11.7 4.300l.9-.9',
  moon: 'M13 9.600A5.6 5.6 0 0 1 6.4 3a5.6 5.6 0 1 0 6.6 6.600z',
  system: 'M2 3h12v8.500H2zM6 14h4M8 11.500V14',
  external: 'M6.5 3.500h-3v9h9v-3M9 2.500h4.500V7M13.5 2.500L7.5 8.5',
  search: 'M7 2.500a4.5 4.5 0 1 0 .01 0zM10.3 10.300l3.2 3.2',
  right: 'M6 3.500L10.5 8 6 12.5',
  play: 'M5 3l7.5 5L5 13z',
  pause: 'M5 3v10M11 3v10',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.600L13 6M13 2.500V6H9.5',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.5 6V2.500H6M10 2.500h3.500V6M13.5 10v3.500H10M6 13.500H2.500V10',
} as const;

export type IconName = keyof typeof drawings;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={drawings[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" />
      <path d="M6 12c3.3-3.4 6.7-3.4 10 0s6.7 3.4 10 0" />
      <path d="M6 20c3.3-3.4 6.7-3.4 10 0s6.7 3.4 10 0" opacity=".65" />
    </svg>
  );
}
