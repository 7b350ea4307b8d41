/** What a tile says of sessions, as a whole and bucket by bucket; and the buckets, put together from finer pieces. */
import type { Row } from '@tidegauge/client';
import { duration, number, percent } from '../../lib/format';
import { type Period, bucketStart, bucketStarts } from '../../lib/range';

export interface Sum {
  sessions: number;
  events: number;
  seconds: number;
  bounces: number;
}

interface Measure {
  label: string;
  of: (sum: Sum) => number | null;
  format: (value: number | null) => string;
  less: 'good' | 'bad';
  note?: string;
}

const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole);

export const MEASURES: Record<'sessions' | 'events' | 'length' | 'bounces', Measure> = {
  sessions: { label: 'Sessions', of: ({ sessions }) => sessions, format: number, less: 'bad' },
  events: { label: 'Events a session', of: ({ sessions, events }) => ratio(events, sessions), format: number, less: 'bad' },
  length: { label: 'Mean length', of: ({ sessions, seconds }) => ratio(seconds, sessions), format: duration, less: 'bad' },
  bounces: { label: 'Bounce rate', of: ({ sessions, bounces }) => ratio(bounces, sessions), format: percent, less: 'good' },
};
export type MeasureName = keyof typeof MEASURES;
export const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[];

export function measureNamed(name: string): MeasureName {
  return MEASURE_NAMES.find((known) => known === name) ?? 'sessions';
}

/**
 * The pieces to ask for. Days begin at another instant in each zone, but nowhere else than at a quarter of an hour; the
 * server cuts them alike for everybody and `buckets` puts them together.
 */
export function stepFor({ interval }: Period): string {
  if (interval === 'second') return '1 second';
  if (interval === 'minute') return '1 minute';
  return interval === '5m' ? '5 minutes' : interval === 'hour' || interval === '6h' ? '1 hour' : '15 minutes';
}

export const NONE: Sum = { sessions: 0, events: 0, seconds: 0, bounces: 0 };

export function added(rows: readonly Row[]): Sum {
  return rows.reduce<Sum>((sum, row) => plus(sum, row), NONE);
}

/** The buckets of a period: of each its start and its sum. */
export function buckets(rows: readonly Row[], period: Period): { times: number[]; sums: Sum[] } {
  const times = bucketStarts(period);
  const at = new Map(times.map((time, index) => [time, index]));
  const sums = times.map(() => NONE);
  for (const row of rows) {
    const index = at.get(bucketStart(Date.parse(String(row['bin'])), period.interval, period.zone));
    if (index !== undefined) sums[index] = plus(sums[index]!, row);
  }
  return { times, sums };
}

function plus(sum: Sum, row: Row): Sum {
  const more = (name: keyof Sum) => sum[name] + Number(row[name] ?? 0);
  return { sessions: more('sessions'), events: more('events'), seconds: more('seconds'), bounces: more('bounces') };
}

/** Sessions by one of the columns that they were counted by together. */
export function byColumn(rows: readonly Row[], column: string): { key: string | null; value: number }[] {
  const counts = new Map<string | null, number>();
  for (const row of rows) {
    const key = (row[column] ?? null) as string | null;
    counts.set(key, (counts.get(key) ?? 0) + Number(row['sessions']));
  }
  return [...counts]
    .map(([key, value]) => ({ key, value }))
    .sort((a, b) => b.value - a.value || String(a.key).localeCompare(String(b.key)));
}
