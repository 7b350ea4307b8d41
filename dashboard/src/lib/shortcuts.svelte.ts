/**
 * Keys that do something wherever the person is, but not while typing. Pages add their own while they are shown; the
 * dialog behind `?` lists them all.
 */

import { untrack } from 'svelte';

export interface Shortcut {
  /** As `KeyboardEvent.key`, letters in upper case. Two in a row are parted by a space: `G E`. */
  keys: string;
  what: string;
  group: string;
  run: () => void;
}

/** The first of two keys waits this long for the second. */
const WAIT_MS = 1_200;
let known = $state.raw<Shortcut[]>([]);
let first: string | null = null;
let waiting: ReturnType<typeof setTimeout> | undefined;

export const shortcuts = {
  get known(): readonly Shortcut[] {
    return known;
  },
};

/** Adds shortcuts until the answered function is called; fits `$effect(() => addShortcuts([...]))`. */
export function addShortcuts(more: Shortcut[]): () => void {
  // An effect that adds must not run again because something was added.
  const others = untrack(() => known).filter(({ keys }) => !more.some((other) => other.keys === keys));
  known = [...others, ...more];
  return () => (known = untrack(() => known).filter((shortcut) => !more.includes(shortcut)));
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target as HTMLElement;
  if (target.closest('input, textarea, select, [contenteditable], dialog')) return;
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const keys = first === null ? key : `${first} ${key}`;
  const found = known.find((shortcut) => shortcut.keys === keys);
  clearTimeout(waiting);
  first = null;
  if (found !== undefined) {
    event.preventDefault();
    found.run();
  } else if (known.some((shortcut) => shortcut.keys.startsWith(`${key} `))) {
    first = key;
    waiting = setTimeout(() => (first = null), WAIT_MS);
  }
});
