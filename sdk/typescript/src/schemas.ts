/** Short names for what the OpenAPI document calls its schemas, and what it leaves open. */
import type { components } from './schema.d.ts';

type Schemas = components['schemas'];
/** The server takes null for what is left out; here it is left out. */
type Sent<Body> = { [Member in keyof Body]: Exclude<Body[Member], null> };

/** Whom a credential stands for. */
export type Me = Schemas['Me'];
export type Scope = Schemas['ScopeName'];
/** As a problem of RFC 9457. */
export type Problem = Schemas['Problem'];

/** A question about one table: numbers by group and time, or (with `columns`) the rows themselves. */
export type Query = Omit<Sent<Schemas['QueryRequest']>, 'metrics'> & { metrics?: Metric[] };
export type QueryFilter = Schemas['QueryFilter'];
export type Metric = Sent<Schemas['QueryMetric']>;
export type SqlQuery = Sent<Schemas['SqlRequest']>;
export type Table = Query['table'];
export type Interval = Exclude<Query['interval'], undefined>;
export type FilterOp = QueryFilter['op'];
export type Scalar = string | number | boolean | null;

/** A cell of an answer: an instant is text. */
export type Value = Scalar | Value[];
export type Row = Record<string, Value>;
export type Answer = Omit<Schemas['QueryAnswer'], 'rows'> & { rows: Row[] };

/** The state of a project, or of the whole tenant, once a second. */
export type Snapshot = Schemas['LiveSnapshot'];
/** An event as it landed: the row of the view `events` without its nulls. */
export type LiveEvent = Record<string, unknown> & {
  event_id: string;
  event_name: string;
  event_time: string;
  project_id: string;
};
