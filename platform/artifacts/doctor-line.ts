/** One line of `millrace doctor`. */
export interface DoctorLine {
  readonly group: 'tool' | 'artifact' | 'machine';
  readonly name: string;
  /** `not-needed`: absent, and nothing here asks for it. */
  readonly state: 'present' | 'missing' | 'broken' | 'not-needed';
  readonly version: string;
  readonly path: string;
  readonly sizeMiB: number | null;
  /** What it is, or what it means here; empty when there is nothing to add. */
  readonly detail: string;
  /** What to do; empty when there is nothing to do. */
  readonly remedy: string;
}

/** A line with what is not given left empty. */
export function line(part: Pick<DoctorLine, 'group' | 'name' | 'state'> & Partial<DoctorLine>): DoctorLine {
  return { version: '', path: '', sizeMiB: null, detail: '', remedy: '', ...part };
}
