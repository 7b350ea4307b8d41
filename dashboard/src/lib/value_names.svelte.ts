/**
 * What values are called where the value itself is nothing to read: an API by its name, a key by its alias. Pages tell
 * what they learn; chips and tables ask.
 */
import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { onSignOut } from './session.svelte';

/** Past this the oldest are forgotten: a tenant may have any number of keys. */
const MAX_NAMES = 5_000;
/** A longer value is a hash or the like, of which the beginning is enough to tell it from others. */
const HASH = /^[0-9a-f]{20,}$/i;
const SHOWN_OF_HASH = 10;

const names = new SvelteMap<string, string>();
onSignOut(() => names.clear());

export function learnName(column: string, value: string, name: string): void {
  const key = `${column}\n${value}`;
  // Who tells is not told.
  untrack(() => {
    if (names.get(key) === name) return;
    names.set(key, name);
    if (names.size > MAX_NAMES) names.delete(names.keys().next().value!);
  });
}

/** The name that was told, else the value, of a hash its beginning. */
export function nameOf(column: string, value: string): string {
  return names.get(`${column}\n${value}`) ?? shortened(value);
}

/** `7f3c3ca873…`; what is no hash stays whole. */
export function shortened(value: string): string {
  return HASH.test(value) ? `${value.slice(0, SHOWN_OF_HASH)}…` : value;
}
