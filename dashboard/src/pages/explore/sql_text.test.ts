import { expect, test } from 'vitest';
import { indentation, mistakeAt } from './sql_text';

const sql = "SELECT *\nFROM evnts\nWHERE 'ü🌊' = nme";

test('a mistake is the word that stands at its place', () => {
  const { from, to, line, caret } = mistakeAt(sql, { line: 2, column: 6 })!;
  expect([sql.slice(from, to), line, caret]).toEqual(['evnts', 'FROM evnts', 5]);
});

test('characters are counted, not the halves that JavaScript has', () => {
  const { from, to } = mistakeAt(sql, { line: 3, column: 14 })!;
  expect(sql.slice(from, to)).toBe('nme');
});

test('past the end of a line it is the last word; beyond the text it is nothing', () => {
  const { from, to } = mistakeAt('SELECT a FROM', { line: 1, column: 99 })!;
  expect('SELECT a FROM'.slice(from, to)).toBe('FROM');
  expect(mistakeAt(sql, { line: 9, column: 1 })).toBeNull();
  expect(mistakeAt('', { line: 1, column: 1 })).toMatchObject({ from: 0, to: 0 });
});

test('of a long line the part around the mistake is shown', () => {
  const { line, caret } = mistakeAt(`${'x '.repeat(200)}oops`, { line: 1, column: 401 })!;
  expect(line.slice(caret)).toBe('oops');
  expect(line.length).toBeLessThanOrEqual(120);
});

test('Tab indents at the caret, or all marked lines, and back', () => {
  expect(indentation('ab', 1, 1, false)).toEqual({ from: 1, to: 1, text: '  ', selectFrom: 3, selectTo: 3 });
  const edit = indentation('a\n\nb\nc', 0, 4, false)!;
  expect([edit.text, edit.from, edit.to]).toEqual(['  a\n\n  b', 0, 4]);
  expect(indentation('  a\n b', 3, 5, true)!.text).toBe('a\nb');
  expect(indentation('a', 1, 1, true)).toBeNull();
});
