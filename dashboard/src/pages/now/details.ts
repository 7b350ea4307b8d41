/** An event's members as a list to read: the telling ones first, the properties each on a line, times last. */
import type { LiveEvent } from '@tidegauge/client';
import { plain } from './matches';

export interface Detail {
  column: string;
  /** As a filter writes it. */
  value: string;
  text: string;
  /** Whether others may share the value, so that a filter by it makes sense. */
  filter: boolean;
}

const FIRST = ['event_name', 'category', 'project_id', 'user_id', 'session_id', 'client_id', 'country', 'page_url', 'referrer'];
const SINGULAR = new Set(['event_id', 'message_id']);
/** Properties below this depth are shown as JSON. */
const MAX_DEPTH = 4;

export function detailsOf(event: LiveEvent): Detail[] {
  const columns = Object.keys(event).filter((column) => column !== 'properties');
  const place = (column: string) => {
    const at = FIRST.indexOf(column);
    if (at >= 0) return at;
    return isTime(column) ? 200 : 100;
  };
  columns.sort((a, b) => place(a) - place(b) || a.localeCompare(b));
  const times = columns.filter(isTime);
  const rest = columns.filter((column) => !isTime(column));
  const one = (column: string) => detail(column, event[column], !SINGULAR.has(column) && !isTime(column));
  return [...rest.map(one), ...properties(event['properties'], 'properties', 0), ...times.map(one)];
}

function properties(value: unknown, path: string, depth: number): Detail[] {
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
  if (isObject && depth < MAX_DEPTH && (depth > 0 || path === 'properties')) {
    // A name with a point in it has no path of its own.
    return Object.entries(value).flatMap(([name, inner]) =>
      name.includes('.') ? [detail(`${path}.${name}`, inner, false)] : properties(inner, `${path}.${name}`, depth + 1),
    );
  }
  return value === undefined || path === 'properties' ? [] : [detail(path, value, value !== null && typeof value !== 'object')];
}

function detail(column: string, value: unknown, filter: boolean): Detail {
  const text = value === null ? 'null' : plain(value);
  return { column, value: text, text, filter: filter && typeof value !== 'object' };
}

function isTime(column: string): boolean {
  return column.endsWith('_time') || column.endsWith('_at') || column === 'timestamp';
}
