/** The rows of an answer by time as the lines of a chart: every bucket there, the many small groups put together. */
import type { Row } from '@tidegauge/client';
import { type Period, bucketStarts } from './range';

export interface Series {
  name: string;
  /** One value a bucket; null is a hole in the line. */
  values: (number | null)[];
  /** The column's value that this series stands for; null is "not set"; absent where it stands for no single one. */
  key?: string | null;
  /** The variable of its colour where the colour has a meaning: `--series-2`. */
  color?: string;
}

export interface ChartData {
  /** The starts of the buckets, milliseconds since 1970. */
  times: number[];
  series: Series[];
}

export interface Lines {
  /** The metric that is drawn. */
  metric: string;
  /** The name of the one line, or of each value of `by`. */
  name?: string;
  by?: string;
  /** What a bucket without rows is: 0 for counts, null for means and percentiles. */
  missing?: 0 | null;
  /** Whether groups add up to a whole: counts do; means, percentiles and numbers of people do not. */
  adds?: boolean;
}

/** Lines beyond this are added up as "Others"; the palette has one more colour than this. */
export const MAX_LINES = 7;
export const NOT_SET = '(not set)';
export const OTHERS = 'Others';

export function chartData(rows: readonly Row[], period: Period, lines: Lines): ChartData {
  const { metric, by, missing = 0, adds = missing === 0 } = lines;
  const times = bucketStarts(period);
  const at = new Map(times.map((time, index) => [time, index]));
  const groups = new Map<string | null, { values: (number | null)[]; total: number }>();
  if (by === undefined) groups.set(null, { values: times.map(() => missing), total: 0 });
  for (const row of rows) {
    const index = at.get(Date.parse(String(row['time'])));
    if (index === undefined) continue;
    const value = typeof row[metric] === 'number' ? row[metric] : null;
    const key = by === undefined || row[by] === null || row[by] === undefined ? null : String(row[by]);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { values: times.map(() => missing), total: 0 }));
    group.values[index] = value;
    group.total += value ?? 0;
  }
  if (by === undefined) return { times, series: [{ name: lines.name ?? metric, values: groups.get(null)!.values }] };

  const ranked = [...groups].sort(([a, x], [b, y]) => y.total - x.total || String(a).localeCompare(String(b)));
  const series: Series[] = ranked
    .slice(0, MAX_LINES)
    .map(([key, { values }]) => ({ name: key === null ? NOT_SET : key === '' ? '(empty)' : key, values, key }));
  const rest = ranked.slice(MAX_LINES);
  // Where groups do not add up the small ones are left out.
  if (rest.length > 0 && adds) {
    series.push({ name: OTHERS, values: times.map((_, i) => rest.reduce((sum, [, g]) => sum + (g.values[i] ?? 0), 0)) });
  }
  return { times, series };
}

/** Lines of the period before, laid bucket by bucket upon those of the shown one. */
export function laidUpon(before: ChartData, shown: ChartData): Series[] {
  return before.series.map((series) => ({ ...series, values: shown.times.map((_, at) => series.values[at] ?? null) }));
}

export function total(values: readonly (number | null)[]): number {
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}
