/** What a teardown found before and left after. `left` empty is the proof. */
export interface LedgerEntry {
  readonly kind:
    | 'process'
    | 'container'
    | 'network'
    | 'port'
    | 'directory'
    | 'topic'
    | 'keyspace'
    | 'queue'
    | 'consumer-group'
    | 'user'
    | 'key';
  readonly name: string;
  readonly owner: string;
}
export interface Ledger {
  readonly removed: readonly LedgerEntry[];
  readonly kept: readonly (LedgerEntry & { readonly why: string })[];
  readonly left: readonly LedgerEntry[];
}
