/** Whether an event of the stream is what the page's filters and its search ask for, as the server judges its rows. */
import type { LiveEvent } from '@tidegauge/client';
import type { Filter } from '../../lib/address';

/** All filters hold. */
export function matches(event: LiveEvent, filters: readonly Filter[]): boolean {
  return filters.every((filter) => holds(valueAt(event, filter.column), filter));
}

/** The event's text anywhere holds the wanted one, whatever the case; an empty one is in every event. */
export function mentions(event: LiveEvent, wanted: string): boolean {
  const text = wanted.trim().toLowerCase();
  return text === '' || textOf(event).includes(text);
}

/** The names that the server may narrow the stream to, for what it does not send need not be read; null is all. */
export function wantedNames(filters: readonly Filter[]): string[] | null {
  const lists = filters
    .filter(({ column, op }) => column === 'event_name' && (op === 'eq' || op === 'in'))
    .map(({ values }) => values);
  if (lists.length === 0) return null;
  return lists.reduce((names, more) => names.filter((name) => more.includes(name)));
}

/** A column, or what stands in the properties: `properties.cart.total`. null is "not set". */
export function valueAt(event: LiveEvent, column: string): unknown {
  if (Object.hasOwn(event, column)) return event[column] ?? null;
  if (!column.startsWith('properties.')) return null;
  let value: unknown = event['properties'];
  for (const part of column.split('.').slice(1)) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return null;
    value = (value as Record<string, unknown>)[part];
  }
  return value ?? null;
}

function holds(value: unknown, { op, values }: Filter): boolean {
  const [wanted = ''] = values;
  if (op === 'is_null') return value === null;
  if (op === 'is_not_null') return value !== null;
  // What is not set is not the value, either: `ne` and `not_in` let it through.
  if (value === null) return op === 'ne' || op === 'not_in';
  if (Array.isArray(value)) return op === 'contains' && value.includes(wanted);
  const text = plain(value);
  switch (op) {
    case 'eq':
      return text === wanted;
    case 'ne':
      return text !== wanted;
    case 'in':
      return values.includes(text);
    case 'not_in':
      return !values.includes(text);
    case 'contains':
      return text.includes(wanted);
    case 'starts_with':
      return text.startsWith(wanted);
    default:
      return compare(value, wanted, op);
  }
}

function compare(value: unknown, wanted: string, op: 'lt' | 'lte' | 'gt' | 'gte'): boolean {
  const numbers = typeof value === 'number' && wanted.trim() !== '' && Number.isFinite(Number(wanted));
  const [a, b] = numbers ? [value, Number(wanted)] : [plain(value), wanted];
  if (op === 'lt') return a < b;
  if (op === 'lte') return a <= b;
  return op === 'gt' ? a > b : a >= b;
}

/** Values as a filter writes them. */
export function plain(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const texts = new WeakMap<LiveEvent, string>();

/** Kept beside the event, because a search asks for it at each letter. */
function textOf(event: LiveEvent): string {
  let text = texts.get(event);
  if (text === undefined) texts.set(event, (text = Object.values(event).map(plain).join('\n').toLowerCase()));
  return text;
}
