/** What a table shows of its rows: those that match, in order, a page of them; and the address's text for an order. */
import { csv } from './csv';

export type Cell = string | number | boolean | null | undefined;

export interface Column<R> {
  key: string;
  label: string;
  /** Numbers stand at the right and sort from the largest. */
  kind?: 'text' | 'number';
  /** The value that sorts, filters and is exported; the row's member `key` unless said otherwise. */
  value?: (row: R) => Cell;
  /** As it is shown. */
  format?: (value: never, row: R) => string;
  /** Where it should say more than the cell shows. */
  title?: (row: R) => string;
}

export interface Order {
  by: string;
  desc: boolean;
}

export function cellOf<R>(column: Column<R>, row: R): Cell {
  return column.value ? column.value(row) : ((row as Record<string, Cell>)[column.key] ?? null);
}

export function shownText<R>(column: Column<R>, row: R): string {
  const value = cellOf(column, row);
  if (column.format) return column.format(value as never, row);
  return value === null || value === undefined ? '–' : String(value);
}

/** Rows of which any cell, as shown or as it is, contains the text. */
export function matching<R>(rows: readonly R[], columns: readonly Column<R>[], text: string): readonly R[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return rows;
  return rows.filter((row) =>
    columns.some((column) => `${cellOf(column, row) ?? ''}\n${shownText(column, row)}`.toLowerCase().includes(wanted)),
  );
}

/** Equal rows stay as they came; what is not there comes last either way. */
export function ordered<R>(rows: readonly R[], columns: readonly Column<R>[], order: Order | null): readonly R[] {
  const column = columns.find(({ key }) => key === order?.by);
  if (order === null || column === undefined) return rows;
  const sign = order.desc ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [cellOf(column, a), cellOf(column, b)];
    if (x === null || x === undefined || y === null || y === undefined) return Number(x === null || x === undefined) - Number(y === null || y === undefined);
    if (typeof x === 'string' && typeof y === 'string') return sign * x.localeCompare(y, 'en', { numeric: true });
    return sign * (x < y ? -1 : x > y ? 1 : 0);
  });
}

export function tableCsv<R>(rows: readonly R[], columns: readonly Column<R>[]): string {
  return csv(columns.map(({ label }) => label), rows.map((row) => columns.map((column) => cellOf(column, row))));
}

/** `hits:desc`. */
export function parseOrder(text: string): Order | null {
  const at = text.lastIndexOf(':');
  return at > 0 ? { by: text.slice(0, at), desc: text.slice(at + 1) === 'desc' } : null;
}

export function writeOrder({ by, desc }: Order): string {
  return `${by}:${desc ? 'desc' : 'asc'}`;
}
