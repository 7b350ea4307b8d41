/** An answer's cells as people read them, and as they are copied. */
import type { Answer, Row, Value } from '@tidegauge/client';
import { instant } from '../../lib/format';
import type { ColumnType } from '../../lib/schema';

export type AnswerColumn = Answer['columns'][number];

const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 4 });
/** Longer texts are cut where they stand in the table; the cell's own view has them whole. */
const MAX_SHOWN = 300;

/** An instant, a code and an id read alike as text; only measured numbers are grouped and rounded. */
export function shownCell(value: Value | undefined, column: AnswerColumn, zone: string): string {
  if (value === null || value === undefined) return 'null';
  if (column.type === 'timestamp') return instant(String(value), zone);
  if (typeof value === 'number') return isCode(column.name) ? String(value) : number.format(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

export function copiedCell(value: Value | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The whole value: JSON with its structure to be seen. */
export function wholeCell(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string' && /^[[{]/.test(value)) {
    try {
      return JSON.stringify(JSON.parse(value), null, 2);
    } catch {
      return value;
    }
  }
  return typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value);
}

export function isNumeric(type: ColumnType): boolean {
  return type === 'integer' || type === 'number';
}

/** Rows by a column; what is null comes last either way, equal rows stay as they came. */
export function sortedRows(rows: readonly Row[], column: AnswerColumn, desc: boolean): readonly Row[] {
  const sign = desc ? -1 : 1;
  const { name, type } = column;
  // Instants of the server are of one form with or without microseconds, which do not compare as text.
  const key = (value: Value | undefined) => (type === 'timestamp' && typeof value === 'string' ? Date.parse(value) : value);
  return [...rows].sort((a, b) => {
    const [x, y] = [key(a[name]), key(b[name])];
    const [noX, noY] = [x === null || x === undefined, y === null || y === undefined];
    if (noX || noY) return Number(noX) - Number(noY);
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * copiedCell(x).localeCompare(copiedCell(y), 'en', { numeric: true });
  });
}

const isCode = (name: string) => /(_code|_id|port|year)$/.test(name);
