/** Numbers, durations, shares and instants as people read them. The exact value belongs in a `title` beside. */
import type { Interval } from '@tidegauge/client';

const exact = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
const NONE = '–';

/** 1234567 is "1,234,567". */
export function exactNumber(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? NONE : exact.format(value);
}

/** 1234567 is "1.23M", 950 is "950". */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  if (Math.abs(value) < 1000) return exact.format(Math.round(value * 100) / 100);
  return compact.format(value).replace('K', 'k');
}

/** A share from 0 to 1: 0.0123 is "1.2%". */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NONE;
  const hundred = share * 100;
  const digits = hundred !== 0 && Math.abs(hundred) < 10 ? 1 : 0;
  if (hundred > 0 && hundred < 0.1) return '<0.1%';
  return `${hundred.toFixed(digits)}%`;
}

/** 0.0042 is "4.2 ms", 75 is "1m 15s". Takes seconds. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return NONE;
  if (seconds === 0) return '0 s';
  if (seconds < 1) return `${number(seconds * 1000)} ms`;
  if (seconds < 60) return `${number(Math.round(seconds * 10) / 10)} s`;
  const whole = Math.round(seconds);
  const [days, hours] = [Math.floor(whole / 86_400), Math.floor((whole % 86_400) / 3_600)];
  const [minutes, rest] = [Math.floor((whole % 3_600) / 60), whole % 60];
  if (days > 0) return hours > 0 ? `${days}d ${hours}h` : `${days}d`;
  if (hours > 0) return minutes > 0 ? `${hours}h ${minutes}m` : `${hours}h`;
  return rest > 0 ? `${minutes}m ${rest}s` : `${minutes}m`;
}

/** Takes milliseconds, as latencies are stored. */
export function milliseconds(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : duration(value / 1000);
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

/** How much more or less, as a share of before; null where there was nothing to compare with. */
export function change(now: number | null | undefined, before: number | null | undefined): number | null {
  if (typeof now !== 'number' || typeof before !== 'number' || before === 0) return null;
  return (now - before) / before;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function instantFormat(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let known = formats.get(key);
  if (known === undefined) formats.set(key, (known = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options })));
  return known;
}

type Instant = number | string | null | undefined;

const ms = (instant: Instant): number => (typeof instant === 'number' ? instant : Date.parse(instant ?? ''));
const show = (instant: Instant, zone: string, options: Intl.DateTimeFormatOptions): string =>
  Number.isFinite(ms(instant)) ? instantFormat(zone, options).format(ms(instant)) : NONE;

/** "21 Nov 2026, 14:03:09" in the zone. */
export function instant(at: Instant, zone: string): string {
  return show(at, zone, {
    day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
  });
}

/** "14:03:09" in the zone. */
export function timeOfDay(at: Instant, zone: string): string {
  return show(at, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** "21 Nov, 14:03:09" in the zone. */
export function dayAndTime(at: Instant, zone: string): string {
  return show(at, zone, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** "21 Nov 2026" in the zone. */
export function date(at: Instant, zone: string): string {
  return show(at, zone, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** A bucket's start, as exact as the bucket is wide. */
export function bucketLabel(at: number, interval: Interval, zone: string): string {
  const day = { weekday: 'short', day: 'numeric', month: 'short' } as const;
  if (interval === 'month') return show(at, zone, { month: 'long', year: 'numeric' });
  if (interval === 'week') return `Week of ${show(at, zone, { day: 'numeric', month: 'short' })}`;
  if (interval === 'day') return show(at, zone, day);
  const time = { hour: '2-digit', minute: '2-digit' } as const;
  return show(at, zone, { ...day, ...time, ...(interval === 'second' ? { second: '2-digit' } : {}) });
}

/** "3 min ago"; exact instants belong in a `title`. */
export function ago(at: Instant, now: number): string {
  const seconds = Math.max(0, Math.round((now - ms(at)) / 1000));
  if (!Number.isFinite(seconds)) return NONE;
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

const regions = new Intl.DisplayNames('en', { type: 'region' });

/** "DE" is "Germany"; what is no country's code stays as it is. */
export function country(code: string | null): string {
  if (code === null || !/^[A-Za-z]{2}$/.test(code)) return code ?? '(unknown)';
  try {
    return regions.of(code.toUpperCase()) ?? code;
  } catch {
    return code;
  }
}
