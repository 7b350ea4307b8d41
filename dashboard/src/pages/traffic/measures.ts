/**
 * What is measured of API traffic. Counted as the reports of `/api/activity/...` count: every request of the view is a
 * hit, one with a code of 400 and up is an error, and what has another code or none is a hit alone.
 */
import type { Metric, QueryFilter, Row } from '@tidegauge/client';
import { milliseconds } from '../../lib/format';
import type { Period } from '../../lib/range';
import { type ChartData, type Series, chartData, laidUpon } from '../../lib/series';

export const PERCENTILES = [50, 95, 99] as const;

const errors: QueryFilter[] = [{ column: 'is_error', op: 'eq', value: true }];

/** Of a group, of a bucket, of everything. */
export const MEASURES: Metric[] = [
  { op: 'count', as: 'hits' },
  { op: 'count', as: 'errors', where: errors },
  ...PERCENTILES.map((p): Metric => ({ op: 'percentile', column: 'latency_total', p, as: `p${p}` })),
];

/** The classes of codes, drawn from the bottom; each has a colour that is its own wherever it stands. */
const CLASSES = [
  { name: '2xx', key: 'class_2', color: '--series-1', from: 200, to: 300 },
  { name: '3xx', key: 'class_3', color: '--series-8', from: 300, to: 400 },
  { name: '4xx', key: 'class_4', color: '--series-5', from: 400, to: 500 },
  { name: '5xx', key: 'class_5', color: '--series-2', from: 500, to: 1_000 },
] as const;
const OTHER_COLOR = '--series-7';

/** Over time: the measures, and the hits of each class. */
export const OVER_TIME: Metric[] = [
  ...MEASURES,
  ...CLASSES.map(({ key, from, to }): Metric => ({
    op: 'count',
    as: key,
    where: [{ column: 'response_code', op: 'gte', value: from }, { column: 'response_code', op: 'lt', value: to }],
  })),
];

export const ERRORS_BY_CODE = { group_by: ['response_code'], filters: errors, metrics: [{ op: 'count', as: 'hits' }] as Metric[], limit: 20 };

export interface Totals {
  hits: number;
  errors: number;
  error_share: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export function totals(row: Row | undefined): Totals {
  const count = (name: string) => (typeof row?.[name] === 'number' ? row[name] : 0);
  const latency = (name: string) => (typeof row?.[name] === 'number' ? row[name] : null);
  const [hits, failed] = [count('hits'), count('errors')];
  return {
    hits,
    errors: failed,
    error_share: hits > 0 ? failed / hits : null,
    p50: latency('p50'),
    p95: latency('p95'),
    p99: latency('p99'),
  };
}

/** Hits by class, piled up; or, of those, the errors alone. What is of no class stands on top as "Other". */
export function byClass(rows: readonly Row[], period: Period, errorsAlone = false): ChartData {
  const lines = CLASSES.filter(({ from }) => !errorsAlone || from >= 400);
  const { times } = chartData([], period, { metric: 'hits' });
  const series = lines.map(({ name, key, color }): Series => ({ ...line(rows, period, key, name, 0), color }));
  if (errorsAlone) return { times, series };
  const hits = line(rows, period, 'hits', 'hits', 0).values;
  const rest = hits.map((all, at) => (all ?? 0) - series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
  if (rest.some((value) => value > 0)) series.push({ name: 'Other', values: rest, color: OTHER_COLOR });
  return { times, series };
}

/** p50, p95 and p99; a bucket without requests has none. */
export function latencies(rows: readonly Row[], period: Period): ChartData {
  const { times } = chartData([], period, { metric: 'p50' });
  return { times, series: PERCENTILES.map((p) => line(rows, period, `p${p}`, `p${p}`, null)) };
}

/** The one number before, dashed upon a pile. */
export function before(rows: readonly Row[], period: Period, shown: ChartData, metric: 'hits' | 'errors'): Series[] {
  return laidUpon(chartData(rows, period, { metric, name: 'Before' }), shown);
}

/** A measure over time, for a tile. */
export function spark(rows: readonly Row[], period: Period, measure: keyof Totals): (number | null)[] {
  const of = rows.map((row) => ({ time: row['time'] ?? null, value: totals(row)[measure] }));
  return line(of, period, 'value', measure, measure === 'hits' || measure === 'errors' ? 0 : null).values;
}

/** Milliseconds to three digits: percentiles are estimates, and more digits only look exact. */
export function shownLatency(value: number | null): string {
  return milliseconds(value === null ? null : Number(value.toPrecision(3)));
}

function line(rows: readonly Row[], period: Period, metric: string, name: string, missing: 0 | null): Series {
  return { ...chartData(rows, period, { metric, name, missing }).series[0]!, name };
}
