import type { Ledger } from './ledger.ts';

export interface OperationRecord {
  readonly format: 'millrace/operation/1';
  readonly id: string;
  readonly kind: 'deploy' | 'destroy' | 'scale' | 'restart' | 'stop' | 'start';
  readonly pipeline: string;
  /** Null: it was refused before it had one. */
  readonly revision: number | null;
  readonly traceId: string | null;
  /** Milliseconds since 1970. */
  readonly requestedAtMs: number;
  readonly endedAtMs?: number;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly error?: { readonly code: string; readonly message: string; readonly meaning: string; readonly next: string };
  /** Of a destroy whose end was reached. */
  readonly ledger?: Ledger;
  /** As planned; a destroy is planned in waves, which its journal tells. */
  readonly phases: readonly {
    readonly name: string;
    readonly steps: readonly { readonly id: string; readonly label: string; readonly task?: string }[];
  }[];
}
