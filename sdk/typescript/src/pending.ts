/**
 * The routes that docs/api/openapi.json does not describe yet, by hand and in the shape of the generated file.
 * To be removed when it does: `index.ts` then names the generated schemas instead.
 */

/** Who the caller is and what it may do. */
export interface Me {
  tenant: string;
  /** The project that the credential is bound to. */
  project: string | null;
  scopes: Scope[];
  is_operator: boolean;
  credential: 'key' | 'token';
  key_id: string | null;
  expires_at: string | null;
  /** The projects that the caller may see, by name, at most 1,000. */
  projects: string[];
  version: string;
}

export type Scope = 'ingest' | 'read' | 'admin';
export type Table = 'events' | 'sessions' | 'connections' | 'requests';
export type Interval = 'second' | 'minute' | '5m' | '15m' | 'hour' | '6h' | 'day' | 'week' | 'month';
export type FilterOp =
  | 'eq' | 'ne' | 'in' | 'not_in' | 'lt' | 'lte' | 'gt' | 'gte'
  | 'contains' | 'starts_with' | 'is_null' | 'is_not_null';
export type Scalar = string | number | boolean | null;

export interface QueryFilter {
  column: string;
  op: FilterOp;
  value?: Scalar | Scalar[];
}

export interface Metric {
  op: 'count' | 'sum' | 'min' | 'max' | 'mean' | 'unique' | 'percentile';
  column?: string;
  /** Of `percentile`: 0 to 100. */
  p?: number;
  /** The column's name in the answer. */
  as?: string;
  where?: QueryFilter[];
}

/** A question about one table: numbers by group and time, or (with `columns`) the rows themselves. */
export interface Query {
  table: Table;
  /** `from <= event_time < to`, RFC 3339. */
  from?: string;
  to?: string;
  project?: string;
  filters?: QueryFilter[];
  group_by?: string[];
  interval?: Interval;
  time_zone?: string;
  metrics?: Metric[];
  columns?: string[];
  order?: { by: string; desc?: boolean }[];
  limit?: number;
}

export interface SqlQuery {
  sql: string;
  limit?: number;
  parameters?: Scalar[];
}

export type Value = string | number | boolean | null | Value[];
export type Row = Record<string, Value>;

export interface Answer {
  columns: { name: string; type: 'timestamp' | 'string' | 'integer' | 'number' | 'boolean' | 'list' }[];
  rows: Row[];
  row_count: number;
  /** More rows matched than the limit let through. */
  truncated: boolean;
  elapsed_ms: number;
}

/** The state of a project, or of the whole tenant, once a second. */
export interface Snapshot {
  time: string;
  open_connections: number;
  events_per_second: number;
  requests_per_second: number;
  /** Of the requests of the last 60 s; null when there were none. */
  error_rate: number | null;
  total_events: number;
  /** The most frequent names of the last 60 s. */
  top_names: { name: string; count: number }[];
}

/** An event as it landed: the row of the view `events` without its nulls. */
export type LiveEvent = Record<string, unknown> & {
  event_id: string;
  event_name: string;
  event_time: string;
  project_id: string;
};

interface Json<Body> {
  content: { 'application/json': Body };
  headers: Record<string, unknown>;
}

/** As a problem of RFC 9457. */
export interface Problem {
  title: string;
  status: number;
  detail: string;
  request_id?: string;
  /** Of SQL: where the mistake stands. */
  position?: { line: number; column: number };
}

interface Refused {
  headers: Record<string, unknown>;
  content: { 'application/problem+json': Problem };
}

interface Refusals {
  400: Refused;
  401: Refused;
  403: Refused;
  429: Refused;
  503: Refused;
}

export interface PendingPaths {
  '/api/v1/me': {
    get: { parameters: object; responses: { 200: Json<Me> } & Refusals };
  };
  '/api/v1/query': {
    post: {
      parameters: object;
      requestBody: { content: { 'application/json': Query } };
      responses: { 200: Json<Answer> } & Refusals;
    };
  };
  '/api/v1/sql': {
    post: {
      parameters: object;
      requestBody: { content: { 'application/json': SqlQuery } };
      responses: { 200: Json<Answer> } & Refusals;
    };
  };
}
