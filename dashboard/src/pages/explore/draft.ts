/**
 * A query while it is being put together: the part of the API's query that the builder picks. Range, project and
 * filters are the view's. In the address it is the JSON that the API takes, without what is as by default.
 */
import type { Interval, Metric, Query, Table } from '@tidegauge/client';
import type { Filter } from '../../lib/address';
import { type ColumnType, TABLES, columnType } from '../../lib/schema';

export type DraftMetric = Pick<Metric, 'op' | 'column' | 'p' | 'as'>;

export interface Draft {
  table: Table;
  /** Rows as they are, with these columns; null asks for numbers instead. */
  columns: string[] | null;
  metrics: DraftMetric[];
  group_by: string[];
  /** `auto` are the range's own buckets; null: no time. */
  interval: Interval | 'auto' | null;
  /** null: the server's own order. */
  order: { by: string; desc: boolean } | null;
  /** null: `defaultLimit`. */
  limit: number | null;
}

export const OPS: readonly Metric['op'][] = ['count', 'unique', 'sum', 'mean', 'min', 'max', 'percentile'];
export const INTERVALS: readonly Interval[] = ['second', 'minute', '5m', '15m', 'hour', '6h', 'day', 'week', 'month'];
/** As the server has them. */
export const MAX_LIMIT = 100_000;
export const MAX_GROUPS = 8;
export const MAX_METRICS = 12;

/** Which columns an operation can be of; `property` is text that may read as a number. */
const TYPES: Record<Metric['op'], readonly (ColumnType | 'property')[]> = {
  count: ['string', 'integer', 'number', 'boolean', 'timestamp', 'list', 'property'],
  unique: ['string', 'integer', 'number', 'boolean', 'timestamp', 'property'],
  sum: ['integer', 'number', 'boolean', 'property'],
  mean: ['integer', 'number', 'boolean', 'property'],
  min: ['integer', 'number', 'timestamp', 'property'],
  max: ['integer', 'number', 'timestamp', 'property'],
  percentile: ['integer', 'number', 'property'],
};

/** What a person most likely wants a number of. */
const LIKELY: Record<Table, readonly string[]> = {
  events: ['user_id', 'int1'],
  sessions: ['user_id', 'client_screen_width'],
  connections: ['duration_seconds', 'user_id'],
  requests: ['latency_total', 'api_key'],
};

const RAW: Record<Table, readonly string[]> = {
  events: ['event_time', 'event_name', 'country', 'page_url', 'user_id', 'properties'],
  sessions: ['event_time', 'session_id', 'country', 'client_browser_name', 'client_os_name', 'user_id'],
  connections: ['opened_at', 'service_name', 'protocol_name', 'data_center', 'is_open', 'duration_seconds'],
  requests: ['event_time', 'method', 'path', 'api_name', 'response_code', 'latency_total', 'alias', 'country'],
};

export function emptyDraft(table: Table = 'events'): Draft {
  return { table, columns: null, metrics: [{ op: 'count' }], group_by: [], interval: 'auto', order: null, limit: null };
}

export function defaultLimit(draft: Draft): number {
  return draft.columns === null ? 10_000 : 500;
}

export function rawColumns(table: Table): string[] {
  return [...RAW[table]];
}

export function fits(table: Table, op: Metric['op'], column: string): boolean {
  const type = columnType(table, column);
  return type !== null && TYPES[op].includes(column.startsWith('properties.') ? 'property' : type);
}

/** The metric with another operation; its column stays where it can. */
export function withOp(table: Table, metric: DraftMetric, op: Metric['op']): DraftMetric {
  const { column, as } = metric;
  const kept = column !== undefined && fits(table, op, column) ? column : undefined;
  const chosen = kept ?? (op === 'count' ? undefined : LIKELY[table].find((likely) => fits(table, op, likely)));
  return {
    op,
    ...(chosen === undefined ? {} : { column: chosen }),
    ...(op === 'percentile' ? { p: metric.p ?? 95 } : {}),
    ...(as === undefined ? {} : { as }),
  };
}

/** The name in the answer, as the server gives it. */
export function metricName({ op, column, p, as }: DraftMetric): string {
  if (as !== undefined && as !== '') return as;
  const told = op === 'percentile' ? `p${p ?? 95}` : op;
  return column === undefined ? told : `${told}_${column}`;
}

/** What the answer can be ordered by. */
export function answerNames(draft: Draft): string[] {
  if (draft.columns !== null) return draft.columns;
  const time = draft.interval === null ? [] : ['time'];
  return [...time, ...draft.group_by, ...draft.metrics.map(metricName)];
}

/** The draft of another table: what that table does not have is left out. */
export function withTable(draft: Draft, table: Table): Draft {
  const has = (column: string) => columnType(table, column) !== null;
  const metrics = draft.metrics.filter(({ op, column }) => column === undefined || fits(table, op, column));
  return tidy({
    ...draft,
    table,
    columns: draft.columns && rawColumns(table),
    metrics: metrics.length > 0 ? metrics : [{ op: 'count' }],
    group_by: draft.group_by.filter(has),
  });
}

/** Without an order by what the answer has no more. */
export function tidy(draft: Draft): Draft {
  return draft.order && !answerNames(draft).includes(draft.order.by) ? { ...draft, order: null } : draft;
}

export function filtersFor(table: Table, filters: readonly Filter[]): Filter[] {
  return filters.filter(({ column }) => columnType(table, column) !== null);
}

/** What is asked of the server besides range, project and filters. */
export function draftQuery(draft: Draft, auto: Interval, zone: string): Partial<Query> {
  const common = {
    ...(draft.order === null ? {} : { order: [draft.order] }),
    limit: draft.limit ?? defaultLimit(draft),
  };
  if (draft.columns !== null) return { columns: draft.columns.length > 0 ? draft.columns : rawColumns(draft.table), ...common };
  const interval = draft.interval === 'auto' ? auto : draft.interval;
  const inZone = interval === 'day' || interval === 'week' || interval === 'month';
  return {
    metrics: draft.metrics,
    ...(draft.group_by.length > 0 ? { group_by: draft.group_by } : {}),
    ...(interval === null ? {} : { interval, ...(inZone ? { time_zone: zone } : {}) }),
    ...common,
  };
}

/** For the address; empty for what stands there at first. */
export function writeDraft(draft: Draft): string {
  const start = emptyDraft();
  const said = Object.entries(draft).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(start[name as keyof Draft]));
  return said.length === 0 ? '' : JSON.stringify(Object.fromEntries(said));
}

/** Of an address that was cut or mistyped, what makes sense. */
export function parseDraft(text: string): Draft {
  const said = object(text);
  const draft = emptyDraft(TABLES.find((table) => table === said['table']));
  const { table } = draft;
  const names = (value: unknown) =>
    Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string' && columnType(table, name) !== null) : null;
  draft.columns = names(said['columns']);
  draft.group_by = (names(said['group_by']) ?? []).slice(0, MAX_GROUPS);
  const metrics = Array.isArray(said['metrics']) ? said['metrics'].map((one) => parseMetric(table, one)).filter((one) => one !== null) : [];
  if (metrics.length > 0) draft.metrics = metrics.slice(0, MAX_METRICS);
  if ('interval' in said) draft.interval = INTERVALS.find((interval) => interval === said['interval']) ?? (said['interval'] === 'auto' ? 'auto' : null);
  const { order, limit } = said as { order?: { by?: unknown; desc?: unknown }; limit?: unknown };
  if (typeof order?.by === 'string') draft.order = { by: order.by, desc: order.desc === true };
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) draft.limit = limit;
  return tidy(draft);
}

function parseMetric(table: Table, value: unknown): DraftMetric | null {
  if (value === null || typeof value !== 'object') return null;
  const said = value as Record<string, unknown>;
  const op = OPS.find((known) => known === said['op']);
  if (op === undefined) return null;
  const column = typeof said['column'] === 'string' && fits(table, op, said['column']) ? said['column'] : undefined;
  if (column === undefined && op !== 'count') return null;
  const p = typeof said['p'] === 'number' && said['p'] >= 0 && said['p'] <= 100 ? said['p'] : 95;
  return {
    op,
    ...(column === undefined ? {} : { column }),
    ...(op === 'percentile' ? { p } : {}),
    ...(typeof said['as'] === 'string' && said['as'] !== '' ? { as: said['as'] } : {}),
  };
}

function object(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text || '{}');
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
