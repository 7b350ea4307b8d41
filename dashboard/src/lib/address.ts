/**
 * What the page shows is its address: `#/events?range=7d&f=country:eq:DE`. Here it is parsed and written, and nowhere
 * else; an address that was cut or mistyped shows the nearest thing that makes sense. Nothing secret is ever in it.
 */
import type { FilterOp } from '@tidegauge/client';
import { isPreset, type Range } from './range';
import { isZone } from './time_zone';

export const PAGES = ['now', 'events', 'sessions', 'connections', 'traffic', 'explore', 'settings'] as const;
export type PageName = (typeof PAGES)[number];

export interface Filter {
  column: string;
  op: FilterOp;
  /** One value; several for `in` and `not_in`; none for `is_null` and `is_not_null`. */
  values: string[];
}

export type Refresh = 'auto' | 'off' | '10s' | '1m';

export interface View {
  page: PageName;
  range: Range;
  compare: boolean;
  /** An IANA zone; null is the reader's own. */
  zone: string | null;
  /** null is all projects. */
  project: string | null;
  filters: Filter[];
  refresh: Refresh;
  /** What the page at hand adds: a chosen tile, a sort, a tab. Names of the shell are not allowed. */
  own: Readonly<Record<string, string>>;
}

export const DEFAULT_VIEW: View = {
  page: 'now',
  range: { preset: '24h' },
  compare: false,
  zone: null,
  project: null,
  filters: [],
  refresh: 'auto',
  own: {},
};

export const FILTER_OPS: readonly FilterOp[] = [
  'eq', 'ne', 'in', 'not_in', 'lt', 'lte', 'gt', 'gte', 'contains', 'starts_with', 'is_null', 'is_not_null',
];
/** More than this nobody can read, and a link of any length must not become a query of any size. */
export const MAX_FILTERS = 20;
const SHELL_NAMES = ['range', 'from', 'to', 'compare', 'tz', 'project', 'f', 'refresh'];
const VALUELESS: readonly FilterOp[] = ['is_null', 'is_not_null'];
const MANY_VALUED: readonly FilterOp[] = ['in', 'not_in'];

export function parseAddress(hash: string): View {
  const [path = '', search = ''] = split(hash.replace(/^#?\/?/, ''), '?');
  const query = new URLSearchParams(search);
  const page = (PAGES as readonly string[]).includes(path) ? (path as PageName) : DEFAULT_VIEW.page;
  const zone = query.get('tz');
  const refresh = query.get('refresh');
  const own: Record<string, string> = {};
  for (const [name, value] of query) if (!SHELL_NAMES.includes(name)) own[name] = value;
  return {
    page,
    range: parseRange(query),
    compare: query.get('compare') === '1',
    zone: zone !== null && isZone(zone) ? zone : null,
    project: query.get('project') || null,
    filters: query.getAll('f').map(parseFilter).filter((filter) => filter !== null).slice(0, MAX_FILTERS),
    refresh: refresh === 'off' || refresh === '10s' || refresh === '1m' ? refresh : 'auto',
    own,
  };
}

/** The address of a view; what is as by default is left out, so that links stay short. */
export function writeAddress(view: View): string {
  const pairs: [string, string][] = [];
  if (!('preset' in view.range)) {
    pairs.push(['from', new Date(view.range.from).toISOString()], ['to', new Date(view.range.to).toISOString()]);
  } else if (view.range.preset !== '24h') pairs.push(['range', view.range.preset]);
  if (view.compare) pairs.push(['compare', '1']);
  if (view.zone !== null) pairs.push(['tz', view.zone]);
  if (view.project !== null) pairs.push(['project', view.project]);
  if (view.refresh !== 'auto') pairs.push(['refresh', view.refresh]);
  for (const filter of view.filters) pairs.push(['f', writeFilter(filter)]);
  for (const name of Object.keys(view.own).sort()) {
    const value = view.own[name];
    if (value !== undefined && value !== '' && !SHELL_NAMES.includes(name)) pairs.push([name, value]);
  }
  const search = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  return `#/${view.page}${search ? `?${search}` : ''}`;
}

/** `column:op:value`; commas part the values of a list, and a comma within a value is written `\,`. */
export function writeFilter({ column, op, values }: Filter): string {
  if (VALUELESS.includes(op)) return `${column}:${op}`;
  const text = MANY_VALUED.includes(op)
    ? values.map((value) => value.replace(/[\\,]/g, '\\$&')).join(',')
    : (values[0] ?? '');
  return `${column}:${op}:${text}`;
}

export function parseFilter(text: string): Filter | null {
  const [column = '', rest] = split(text, ':');
  const [name = '', value] = split(rest ?? '', ':');
  const op = FILTER_OPS.find((known) => known === name);
  if (column === '' || op === undefined) return null;
  if (VALUELESS.includes(op)) return { column, op, values: [] };
  if (value === undefined) return null;
  return { column, op, values: MANY_VALUED.includes(op) ? splitList(value) : [value] };
}

/** The filters with one more; what was said of the same column by the same comparison gives way to it. */
export function withFilter(filters: readonly Filter[], filter: Filter): Filter[] {
  const same = ({ column, op }: Filter) => column === filter.column && (op === filter.op || replaces(filter.op, op));
  return [...filters.filter((other) => !same(other)), filter].slice(-MAX_FILTERS);
}

/** The filters without the rows of one more value (null is "not set"); what is shut out already stays out. */
export function withoutValue(filters: readonly Filter[], column: string, value: string | null): Filter[] {
  const shut = (filter: Filter) => filter.column === column && (filter.op === 'ne' || filter.op === 'not_in');
  if (value === null) return withFilter(filters, { column, op: 'is_not_null', values: [] });
  const values = [...new Set([...filters.filter(shut).flatMap((filter) => filter.values), value])];
  const others = filters.filter((filter) => !shut(filter));
  return withFilter(others, { column, op: values.length > 1 ? 'not_in' : 'ne', values });
}

/** The filter that holds where this one does not; null where no single one does. */
export function opposite(filter: Filter): Filter | null {
  const op = OPPOSITES[filter.op];
  return op === undefined ? null : { ...filter, op };
}

const OPPOSITES: Partial<Record<FilterOp, FilterOp>> = {
  eq: 'ne', ne: 'eq', in: 'not_in', not_in: 'in', is_null: 'is_not_null', is_not_null: 'is_null',
};

/** One value and none at all exclude each other. */
function replaces(op: FilterOp, other: FilterOp): boolean {
  const exact: FilterOp[] = ['eq', 'in', 'is_null'];
  return exact.includes(op) && exact.includes(other);
}

function parseRange(query: URLSearchParams): Range {
  const from = Date.parse(query.get('from') ?? '');
  const to = Date.parse(query.get('to') ?? '');
  if (Number.isFinite(from) && Number.isFinite(to) && from < to) return { from, to };
  const preset = query.get('range') ?? '';
  return isPreset(preset) ? { preset } : DEFAULT_VIEW.range;
}

function split(text: string, at: string): [string, string | undefined] {
  const index = text.indexOf(at);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

function splitList(text: string): string[] {
  const values: string[] = [];
  let value = '';
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\' && at + 1 < text.length) {
      at += 1;
      value += text[at];
    } else if (text[at] === ',') {
      values.push(value);
      value = '';
    } else value += text[at];
  }
  return [...values, value];
}

/** As encodeURIComponent, but what reads well and is safe in a fragment stays as it is. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/%(3A|2F|2C|20|40)/g, (code) => (code === '%20' ? '+' : decodeURIComponent(code)));
}
