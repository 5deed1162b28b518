import { fail } from '../errors.ts';

export type Settings = Readonly<Record<string, string>>;

/** Collects `--set name=value`, given any number of times. Throws INVALID_ARGUMENT. */
export function settingsOf(command: string): (text: string, former: Settings) => Settings {
  return (text, former) => {
    const at = text.indexOf('=');
    if (at < 1) fail('INVALID_ARGUMENT', { reason: `--set takes name=value, not "${text}".`, command });
    return { ...former, [text.slice(0, at)]: text.slice(at + 1) };
  };
}

/** A whole number of an option, within bounds. Throws INVALID_ARGUMENT naming the option. */
export function wholeNumber(
  option: string,
  minimum: number,
  maximum: number,
  command: string,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    return fail('INVALID_ARGUMENT', {
      reason: `${option} takes a whole number from ${minimum} to ${maximum}, not "${text}".`,
      command,
    });
  };
}

/** `SERVICE=N …`, each N from 1 to 50. Throws INVALID_ARGUMENT. */
export function instancesOf(texts: readonly string[]): Readonly<Record<string, number>> {
  const pairs = texts.map((text) => {
    const [, service, count] = /^([^=]+)=(.*)$/.exec(text) ?? [];
    if (service === undefined || count === undefined) {
      fail('INVALID_ARGUMENT', { reason: `scale takes SERVICE=INSTANCES, not "${text}".`, command: 'scale' });
    }
    return [service, wholeNumber(service, 1, 50, 'scale')(count)] as const;
  });
  return Object.fromEntries(pairs);
}
