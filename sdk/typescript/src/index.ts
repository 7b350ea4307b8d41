export { tidegauge, type RowsAs, type Tidegauge, type TidegaugeOptions } from './client.js';
export { streamMessages, type StreamMessage } from './event_stream.js';
export type { LiveMessage, LiveOptions } from './live.js';
export { TidegaugeError, refusalOf } from './problem.js';
export type {
  Answer, FilterOp, Interval, LiveEvent, Me, Metric, Problem, Query, QueryFilter, Row, Scalar, Scope, Snapshot, SqlQuery,
  Table, Value,
} from './schemas.js';
export type { components, paths } from './schema.d.ts';
