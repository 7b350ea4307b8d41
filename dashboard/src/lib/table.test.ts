import { expect, test } from 'vitest';
import { type Column, matching, ordered, parseOrder, tableCsv } from './table';

interface Row {
  name: string;
  hits: number | null;
}
const rows: Row[] = [
  { name: 'b10', hits: 1 },
  { name: 'b9', hits: null },
  { name: '=SUM(A1)', hits: 1200 },
];
const columns: Column<Row>[] = [
  { key: 'name', label: 'Name' },
  { key: 'hits', label: 'Hits, all', kind: 'number', format: (hits: number | null) => (hits === 1200 ? '1.2k' : String(hits)) },
];
const names = (list: readonly Row[]) => list.map(({ name }) => name);

test('rows sort by any column, and what is missing comes last either way', () => {
  expect(names(ordered(rows, columns, parseOrder('hits:desc')))).toEqual(['=SUM(A1)', 'b10', 'b9']);
  expect(names(ordered(rows, columns, parseOrder('hits:asc')))).toEqual(['b10', '=SUM(A1)', 'b9']);
  expect(names(ordered(rows, columns, parseOrder('name:asc')))).toEqual(['=SUM(A1)', 'b9', 'b10']);
  expect(ordered(rows, columns, parseOrder('nothing:asc'))).toBe(rows);
});

test('a row is found by what is shown and by what is behind it', () => {
  expect(names(matching(rows, columns, '1.2K'))).toEqual(['=SUM(A1)']);
  expect(names(matching(rows, columns, ' 1200 '))).toEqual(['=SUM(A1)']);
  expect(matching(rows, columns, '')).toBe(rows);
});

test('what is exported runs no formula in a spreadsheet', () => {
  expect(tableCsv(rows, columns)).toBe('Name,"Hits, all"\r\nb10,1\r\nb9,\r\n\'=SUM(A1),1200\r\n');
});
