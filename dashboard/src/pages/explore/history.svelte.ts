/** What was asked in this session, newest first, in memory alone: a reload forgets it, and so does signing out. */
import type { Filter } from '../../lib/address';
import { onSignOut } from '../../lib/session.svelte';

export interface Past {
  kind: 'query' | 'sql';
  /** In a line. */
  label: string;
  at: number;
  /** null: it failed. */
  rows: number | null;
  /** What the address needs to ask it again. */
  own: Record<string, string | null>;
  filters: Filter[];
}

const MAX_PAST = 50;
let entries = $state.raw<Past[]>([]);
onSignOut(() => (entries = []));

export const past = {
  get entries(): readonly Past[] {
    return entries;
  },
};

/** The same question again takes the place of the one before. */
export function remember(entry: Past): void {
  const same = (other: Past) =>
    JSON.stringify([other.own, other.filters]) === JSON.stringify([entry.own, entry.filters]);
  entries = [entry, ...entries.filter((other) => !same(other))].slice(0, MAX_PAST);
}
