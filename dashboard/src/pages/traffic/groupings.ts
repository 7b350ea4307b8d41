/** What the table of API traffic tells apart, and what a click on a row narrows the page to. */
import type { Row } from '@tidegauge/client';
import { type Filter, withFilter } from '../../lib/address';
import { country } from '../../lib/format';

export const GROUPINGS = ['api', 'endpoint', 'key', 'client', 'country'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** An id, and the column that names it to people. Names change: the newest one counts, as in the reports. */
export interface Named {
  id: string;
  name: string;
}

const API: Named = { id: 'api_id', name: 'api_name' };
const KEY: Named = { id: 'api_key', name: 'alias' };
export const NAMED: readonly Named[] = [API, KEY];

interface Description {
  /** On the switch. */
  label: string;
  /** Of one row: "API". */
  one: string;
  /** What makes a row; names are not part of it, or a renamed API would fall in two. */
  columns: readonly string[];
  named: Named | null;
}

export const DESCRIPTIONS: Record<Grouping, Description> = {
  api: { label: 'APIs', one: 'API', columns: ['api_id'], named: API },
  endpoint: { label: 'Endpoints', one: 'Endpoint', columns: ['api_id', 'method', 'path'], named: API },
  key: { label: 'Keys', one: 'Key', columns: ['api_key'], named: KEY },
  client: { label: 'OAuth clients', one: 'OAuth client', columns: ['oauth_id'], named: null },
  country: { label: 'Countries', one: 'Country', columns: ['country'], named: null },
};

const NOTHING: Record<Grouping, string> = {
  api: '(no API)',
  endpoint: '(no path)',
  key: '(no key)',
  client: '(no OAuth client)',
  country: '(unknown)',
};

export function groupingOf(text: string): Grouping {
  return GROUPINGS.find((grouping) => grouping === text) ?? 'api';
}

/** What a row is called; `nameOf` tells the names of ids. */
export function rowLabel(grouping: Grouping, row: Row, nameOf: (column: string, value: string) => string): string {
  const text = (column: string) => (typeof row[column] === 'string' ? row[column] : null);
  if (grouping === 'endpoint') return [text('method'), text('path')].filter(Boolean).join(' ') || NOTHING.endpoint;
  const column = DESCRIPTIONS[grouping].columns[0]!;
  const value = text(column);
  if (value === null || value === '') return NOTHING[grouping];
  return grouping === 'country' ? country(value) : nameOf(column, value);
}

/** The filters that leave this row alone. */
export function rowFilters(grouping: Grouping, row: Row): Filter[] {
  return DESCRIPTIONS[grouping].columns.map((column) => {
    const value = row[column];
    return value === null || value === undefined
      ? { column, op: 'is_null', values: [] }
      : { column, op: 'eq', values: [String(value)] };
  });
}

export function isChosen(filters: readonly Filter[], wanted: readonly Filter[]): boolean {
  return wanted.every((filter) => filters.some((other) => same(other, filter)));
}

/** With these filters, or without them where they all stand already. */
export function toggled(filters: readonly Filter[], wanted: readonly Filter[]): Filter[] {
  if (isChosen(filters, wanted)) return filters.filter((filter) => !wanted.some((other) => same(other, filter)));
  return wanted.reduce<Filter[]>((all, filter) => withFilter(all, filter), [...filters]);
}

function same(a: Filter, b: Filter): boolean {
  return a.column === b.column && a.op === b.op && a.values.join('\n') === b.values.join('\n');
}
