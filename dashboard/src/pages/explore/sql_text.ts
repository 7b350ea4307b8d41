/** Places in a text of SQL: where a mistake stands, and what Tab makes of the marked lines. */
import type { Position } from './run.svelte';

export interface Mistake {
  /** Places in the whole text: what is underlined. */
  from: number;
  to: number;
  /** The line by itself, and how far in it the mistake begins. */
  line: string;
  caret: number;
}

/** Lines longer than this are shown from near the mistake on. */
const MAX_LINE = 120;

/** The word at a position (both from 1, characters and not bytes); null where the text has no such place. */
export function mistakeAt(text: string, { line, column }: Position): Mistake | null {
  const lines = text.split('\n');
  const found = lines[line - 1];
  if (found === undefined || column < 1) return null;
  const start = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
  // The server counts characters, JavaScript halves of some of them.
  const caret = Math.min([...found].slice(0, column - 1).join('').length, found.length);
  const word = /^(\w+|"[^"]*"?|'[^']*'?|\S)/.exec(found.slice(caret))?.[0].length ?? 0;
  // At the end of the line it is the last word that misses something.
  const from = word > 0 ? caret : found.slice(0, caret).search(/\S+\s*$/);
  const at = from < 0 ? caret : from;
  const cut = caret > MAX_LINE - 20 ? caret - 40 : 0;
  return { from: start + at, to: start + (word > 0 ? caret + word : caret), line: found.slice(cut, cut + MAX_LINE), caret: caret - cut };
}

export interface Edit {
  /** What is replaced, by what, and what is marked then. */
  from: number;
  to: number;
  text: string;
  selectFrom: number;
  selectTo: number;
}

const STEP = '  ';

/** Tab puts two spaces in, or indents all marked lines; with Shift it takes them away. null: nothing to do. */
export function indentation(text: string, start: number, end: number, back: boolean): Edit | null {
  const many = text.slice(start, end).includes('\n');
  if (!many && !back) return { from: start, to: end, text: STEP, selectFrom: start + 2, selectTo: start + 2 };
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const ends = text.indexOf('\n', end);
  const to = ends < 0 ? text.length : ends;
  const lines = text.slice(from, to).split('\n');
  const moved = lines.map((line) => (back ? line.replace(/^ {1,2}|^\t/, '') : line === '' ? line : STEP + line));
  const joined = moved.join('\n');
  if (joined === text.slice(from, to)) return null;
  const first = moved[0]!.length - lines[0]!.length;
  return {
    from, to, text: joined,
    selectFrom: many ? from : Math.max(from, start + first),
    selectTo: many ? from + joined.length : Math.max(from, end + first),
  };
}
