/**
 * Which stretch of time the page shows: what the picker offers, the instants that it means now, the buckets that
 * charts divide it into, and the period before to compare with.
 */
import type { Interval } from '@tidegauge/client';
import { addDays, addMonths, startOfDay, startOfMonth, startOfWeek } from './time_zone';

export const PRESETS = ['5m', '15m', '1h', '6h', '24h', 'today', '7d', '30d', '90d'] as const;
export type Preset = (typeof PRESETS)[number];

/** A preset follows the clock; a custom range stands still. Instants are milliseconds since 1970. */
export type Range = { preset: Preset } | { from: number; to: number };

export interface Period {
  /** `from <= event_time < to`, milliseconds since 1970. */
  from: number;
  to: number;
  interval: Interval;
  zone: string;
}

export const PRESET_LABELS: Record<Preset, string> = {
  '5m': 'Last 5 minutes',
  '15m': 'Last 15 minutes',
  '1h': 'Last hour',
  '6h': 'Last 6 hours',
  '24h': 'Last 24 hours',
  today: 'Today',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  '90d': 'Last 90 days',
};

/** One key each, as the shortcuts' dialog lists them. */
export const PRESET_KEYS: Record<Preset, string> = {
  '5m': '5',
  '15m': 'Q',
  '1h': 'H',
  '6h': 'S',
  '24h': 'D',
  today: 'T',
  '7d': 'W',
  '30d': 'M',
  '90d': 'Y',
};

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const FIXED: Partial<Record<Interval, number>> = {
  second: SECOND,
  minute: MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  hour: HOUR,
  '6h': 6 * HOUR,
};

/** How long a preset is, and into what it is divided; the days of `today`, `7d` and so on are those of the zone. */
const SHAPES: Record<Preset, { length: number; interval: Interval }> = {
  '5m': { length: 5 * MINUTE, interval: 'second' },
  '15m': { length: 15 * MINUTE, interval: 'minute' },
  '1h': { length: HOUR, interval: 'minute' },
  '6h': { length: 6 * HOUR, interval: '5m' },
  '24h': { length: DAY, interval: '15m' },
  today: { length: DAY, interval: 'hour' },
  '7d': { length: 7 * DAY, interval: 'hour' },
  '30d': { length: 30 * DAY, interval: 'day' },
  '90d': { length: 90 * DAY, interval: 'day' },
};

/** The most buckets a custom range is divided into. */
const MOST_BUCKETS = 200;
const CUSTOM_STEPS: [Interval, number][] = [
  ['second', SECOND],
  ['minute', MINUTE],
  ['5m', 5 * MINUTE],
  ['15m', 15 * MINUTE],
  ['hour', HOUR],
  ['6h', 6 * HOUR],
  ['day', DAY],
  ['week', 7 * DAY],
];

export function isPreset(text: string): text is Preset {
  return (PRESETS as readonly string[]).includes(text);
}

/**
 * The instants that a range means at `now`. A preset begins at a bucket's start, so that the first bucket is whole
 * and only the last one, which is still going on, is not.
 */
export function resolve(range: Range, now: number, zone: string): Period {
  if (!('preset' in range)) {
    return { from: range.from, to: range.to, interval: fittingInterval(range.to - range.from), zone };
  }
  const { length, interval } = SHAPES[range.preset];
  let from: number;
  if (range.preset === 'today') from = startOfDay(now, zone);
  else if (length >= 7 * DAY) from = addDays(startOfDay(now, zone), 1 - length / DAY, zone);
  else from = nextBucket(bucketStart(now - length, interval, zone), interval, zone);
  return { from, to: now, interval, zone };
}

/** The stretch of the same length right before: whole buckets earlier, so that the two compare bucket by bucket. */
export function periodBefore(range: Range, period: Period): Period {
  const { from, to, interval, zone } = period;
  if (!('preset' in range)) return { ...period, from: from - (to - from), to: from };
  if (range.preset === 'today') return { ...period, from: addDays(from, -1, zone), to: addDays(to, -1, zone) };
  const { length } = SHAPES[range.preset];
  if (length >= 7 * DAY) {
    const days = length / DAY;
    return { from: addDays(from, -days, zone), to: addDays(to, -days, zone), interval, zone };
  }
  return { from: from - length, to: to - length, interval, zone };
}

/** The starts of all buckets that a period touches, the first perhaps before `from`. */
export function bucketStarts(period: Period): number[] {
  const starts: number[] = [];
  let at = bucketStart(period.from, period.interval, period.zone);
  while (at < period.to && starts.length < 5_000) {
    starts.push(at);
    at = nextBucket(at, period.interval, period.zone);
  }
  return starts;
}

export function bucketStart(ms: number, interval: Interval, zone: string): number {
  const step = FIXED[interval];
  if (step !== undefined) return Math.floor(ms / step) * step;
  if (interval === 'week') return startOfWeek(ms, zone);
  if (interval === 'month') return startOfMonth(ms, zone);
  return startOfDay(ms, zone);
}

export function nextBucket(start: number, interval: Interval, zone: string): number {
  const step = FIXED[interval];
  if (step !== undefined) return start + step;
  if (interval === 'week') return addDays(start, 7, zone);
  if (interval === 'month') return addMonths(start, 1, zone);
  return addDays(start, 1, zone);
}

/** How long a bucket is, on average, in seconds: for rates. */
export function bucketSeconds(interval: Interval): number {
  const step = FIXED[interval] ?? { day: DAY, week: 7 * DAY, month: 30 * DAY }[interval as 'day' | 'week' | 'month'];
  return step / SECOND;
}

/** How often a range looks anew unless the person chose otherwise, in milliseconds; 0 is never. */
export function ownRefreshMs(range: Range): number {
  if (!('preset' in range)) return 0;
  if (range.preset === '5m' || range.preset === '15m') return 10 * SECOND;
  return range.preset === '1h' ? MINUTE : 0;
}

function fittingInterval(length: number): Interval {
  for (const [interval, step] of CUSTOM_STEPS) if (length / step <= MOST_BUCKETS) return interval;
  return 'month';
}
