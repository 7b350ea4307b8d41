/** What of an answer can be drawn, and how: numbers over a time column, or numbers by a label. */
import type { Answer, Interval, Row } from '@tidegauge/client';
import { type Period, bucketSeconds, bucketStarts } from '../../lib/range';
import { type ChartData, MAX_LINES, NOT_SET, OTHERS, type Series } from '../../lib/series';

export interface Drawable {
  /** The column of x; null: labels are x. */
  time: string | null;
  labels: string[];
  numbers: string[];
}

/** Instants beyond this are left out: nobody tells them apart. */
export const MAX_POINTS = 20_000;
export const MAX_BARS = 30;
/** Stands for all numbers at once, a line each. */
export const ALL = '*';

/** null where there is nothing to draw. `groups` are columns that are known to be labels, whatever their type. */
export function drawable(answer: Answer, groups: readonly string[] = []): Drawable | null {
  const of = (...types: string[]) =>
    answer.columns.filter(({ name, type }) => types.includes(type) && !groups.includes(name)).map(({ name }) => name);
  const times = of('timestamp');
  const numbers = of('integer', 'number');
  const labels = [...groups.filter((name) => answer.columns.some((column) => column.name === name)), ...of('string', 'boolean')];
  const time = times.includes('time') ? 'time' : (times[0] ?? null);
  if (numbers.length === 0 || answer.rows.length === 0 || (time === null && labels.length === 0)) return null;
  return { time, labels, numbers };
}

export interface Drawing {
  data: ChartData;
  period: Period;
  /** Groups that are not drawn, because what is drawn cannot be added up. */
  left_out: number;
}

/**
 * Lines over time: of one number a line a group, or a line each of all numbers. With `known` the buckets are those of
 * the query, and where `adds_up` a bucket without rows is 0 and small groups become one; else it is a hole.
 */
export function overTime(
  answer: Answer,
  { time, labels, numbers }: Drawable & { time: string },
  number: string,
  known: Period | null,
  adds_up: boolean,
  zone: string,
): Drawing {
  const stamps = answer.rows.map((row) => Date.parse(String(row[time])));
  const found = [...new Set(stamps.filter(Number.isFinite))].sort((a, b) => a - b).slice(0, MAX_POINTS);
  const times = known ? bucketStarts(known) : found;
  const place = new Map(times.map((at, index) => [at, index]));
  const missing = known && adds_up ? 0 : null;
  const lines = new Map<string, { values: (number | null)[]; sum: number }>();
  answer.rows.forEach((row, at) => {
    const index = place.get(stamps[at]!);
    if (index === undefined) return;
    const pairs = number === ALL ? numbers.map((name) => [name, row[name]] as const) : [[labelOf(row, labels), row[number]] as const];
    for (const [name, value] of pairs) {
      let line = lines.get(name);
      if (line === undefined) lines.set(name, (line = { values: times.map(() => missing), sum: 0 }));
      line.values[index] = typeof value === 'number' ? value : null;
      line.sum += Math.abs(typeof value === 'number' ? value : 0);
    }
  });
  // Numbers stand in their own order, groups by their size.
  const ranked = number === ALL ? [...lines] : [...lines].sort(([a, x], [b, y]) => y.sum - x.sum || a.localeCompare(b));
  const series = ranked.slice(0, MAX_LINES).map(([name, { values }]): Series => ({ name: name || number, values }));
  const rest = ranked.slice(MAX_LINES);
  const sums = adds_up && number !== ALL;
  if (rest.length > 0 && sums) {
    series.push({ name: OTHERS, values: times.map((_, i) => rest.reduce((sum, [, { values }]) => sum + (values[i] ?? 0), 0)) });
  }
  const period = known ?? { from: times[0] ?? 0, to: (times.at(-1) ?? 0) + 1, interval: intervalOf(times), zone };
  return { data: { times, series }, period, left_out: sums ? 0 : rest.length };
}

export interface Bar {
  key: string | null;
  label?: string;
  value: number;
}

/** The first rows as bars, in the answer's order. */
export function bars(answer: Answer, { labels }: Drawable, number: string): Bar[] {
  const seen = new Map<string, Bar>();
  for (const row of answer.rows) {
    const value = row[number];
    if (typeof value !== 'number') continue;
    const label = labelOf(row, labels);
    if (seen.has(label)) continue;
    const only = labels.length === 1 ? row[labels[0]!] : undefined;
    seen.set(label, { key: only === null ? null : only === undefined ? label : String(only), label, value });
    if (seen.size === MAX_BARS) break;
  }
  return [...seen.values()];
}

function labelOf(row: Row, labels: readonly string[]): string {
  return labels.map((name) => (row[name] === null || row[name] === undefined ? NOT_SET : row[name] === '' ? '(empty)' : String(row[name]))).join(' · ');
}

const INTERVALS: readonly Interval[] = ['month', 'week', 'day', '6h', 'hour', '15m', '5m', 'minute', 'second'];

/** The widest bucket that still tells these instants apart. */
export function intervalOf(times: readonly number[]): Interval {
  if (times.length < 2) return 'second';
  let gap = Number.POSITIVE_INFINITY;
  for (let at = 1; at < times.length; at += 1) gap = Math.min(gap, times[at]! - times[at - 1]!);
  // A month may have 28 days, and a day 23 hours.
  return INTERVALS.find((interval) => (gap / 1000) >= bucketSeconds(interval) * 0.93) ?? 'second';
}
