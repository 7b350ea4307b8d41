/** The answers about connections as the page's numbers: sums by one column, totals, and how many were open over time. */
import type { Row } from '@tidegauge/client';
import { type Period, bucketStarts } from '../../lib/range';
import type { ChartData } from '../../lib/series';

export interface Totals {
  /** Open at some moment of the range. */
  total: number;
  /** Of these, opened in it. */
  opened: number;
  /** Of these, open now. */
  open: number;
  /** The mean of their whole lives until they closed or now, in seconds; null of none. */
  mean_seconds: number | null;
}

export interface OverTime {
  /** The most that were open at one instant of each bucket, and how many were opened in it. */
  peaks: ChartData;
  opened: ChartData;
  /** The most at one instant of the whole range. */
  peak: number;
}

export function totalsOf(rows: readonly Row[]): Totals {
  const sum = (name: string) => rows.reduce((all, row) => all + numberOf(row[name]), 0);
  const total = sum('total');
  return { total, opened: sum('opened'), open: sum('open'), mean_seconds: total === 0 ? null : sum('seconds') / total };
}

/** The many first; of equal ones by name. */
export function sumsBy(rows: readonly Row[], column: string): { key: string | null; value: number }[] {
  const sums = new Map<string | null, number>();
  for (const row of rows) {
    const value = row[column];
    const key = value === null || value === undefined ? null : String(value);
    sums.set(key, (sums.get(key) ?? 0) + numberOf(row['total']));
  }
  return [...sums]
    .map(([key, value]) => ({ key, value }))
    .sort((a, b) => b.value - a.value || String(a.key).localeCompare(String(b.key)));
}

/** Rows that tell of changes alone as whole buckets: while nothing changed as many stayed open as were before. */
export function overTimeOf(rows: readonly Row[], period: Period): OverTime {
  const times = bucketStarts(period);
  const peaks: number[] = [];
  const opened: number[] = [];
  let open = 0;
  let next = 0;
  times.forEach((_, at) => {
    const end = times[at + 1] ?? Number.POSITIVE_INFINITY;
    let [peak, more] = [open, 0];
    for (; next < rows.length && Date.parse(String(rows[next]!['time'])) < end; next += 1) {
      const row = rows[next]!;
      peak = Math.max(peak, numberOf(row['peak']));
      more += numberOf(row['opened']);
      open = numberOf(row['last']);
    }
    peaks.push(peak);
    opened.push(more);
  });
  return {
    peaks: { times, series: [{ name: 'Open connections', values: peaks }] },
    opened: { times, series: [{ name: 'New connections', values: opened }] },
    peak: Math.max(0, ...peaks),
  };
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
