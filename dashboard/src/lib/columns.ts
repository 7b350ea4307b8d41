/** What columns are called where people read them, and how an address, which holds text, becomes a query, which must not. */
import type { QueryFilter } from '@tidegauge/client';
import type { Filter } from './address';
import { columnsOf } from './schema';

const LABELS: Record<string, string> = {
  api_id: 'API',
  api_key: 'Key',
  api_key_id: 'Key',
  api_name: 'API',
  alias: 'Key alias',
  app_id: 'App',
  browser: 'Browser',
  bytes_in: 'Bytes in',
  bytes_out: 'Bytes out',
  client_browser_name: 'Browser',
  client_device_type: 'Device',
  client_id: 'Client',
  client_os_name: 'System',
  connection_id: 'Connection',
  event_id: 'Event id',
  event_name: 'Event',
  event_time: 'Time',
  ip: 'IP address',
  is_error: 'Error',
  is_open: 'Open',
  oauth_id: 'OAuth client',
  page_url: 'Page',
  project_id: 'Project',
  protocol_name: 'Protocol',
  response_code: 'Status',
  service_name: 'Service',
  user_agent: 'User agent',
};

const NUMBERS = columnsOf('integer', 'number');
const FLAGS = columnsOf('boolean');

export const OP_LABELS: Record<Filter['op'], string> = {
  eq: 'is',
  ne: 'is not',
  in: 'is one of',
  not_in: 'is none of',
  lt: '<',
  lte: '≤',
  gt: '>',
  gte: '≥',
  contains: 'contains',
  starts_with: 'begins with',
  is_null: 'is not set',
  is_not_null: 'is set',
};

/** `data_center` is "Data center", `properties.plan` is "plan". */
export function columnLabel(column: string): string {
  const known = LABELS[column];
  if (known !== undefined) return known;
  if (column.startsWith('properties.')) return column.slice('properties.'.length);
  const words = column.replace(/_id$/, '').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The filter as a query has it: numbers and flags as such. */
export function queryFilter({ column, op, values }: Filter): QueryFilter {
  if (op === 'is_null' || op === 'is_not_null') return { column, op };
  const typed = values.map((value) => typedValue(column, value));
  return { column, op, value: op === 'in' || op === 'not_in' ? typed : (typed[0] ?? '') };
}

/** "Country is DE", for a chip and for a screen reader. */
export function filterWords({ column, op, values }: Filter, nameOf?: (column: string, value: string) => string): string {
  const shown = values.map((value) => (value === '' ? '(empty)' : (nameOf?.(column, value) ?? value))).join(', ');
  return [columnLabel(column), OP_LABELS[op], shown].filter(Boolean).join(' ');
}

function typedValue(column: string, value: string): string | number | boolean {
  if (NUMBERS.has(column) && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  if (FLAGS.has(column) && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}
