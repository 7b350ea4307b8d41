/** Calendar arithmetic in a time zone by Intl alone: the start of a day, a week or a month, and steps between them. */

export interface WallClock {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The zone that the browser is in. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

export function isZone(zone: string): boolean {
  try {
    format(zone);
    return true;
  } catch {
    return false;
  }
}

/** What a clock on a wall of this zone shows at this instant (milliseconds since 1970). */
export function wallClock(ms: number, zone: string): WallClock {
  const at: Record<string, number> = {};
  for (const { type, value } of format(zone).formatToParts(ms)) at[type] = Number(value);
  const { year, month, day, hour, minute, second } = at as unknown as WallClock;
  return { year, month, day, hour: hour % 24, minute, second };
}

/** The instant at which that clock shows this; of a time that a shift skips, the instant after the gap. */
export function instantOf(wall: WallClock, zone: string): number {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
  const first = asUtc - offset(asUtc, zone);
  const second = asUtc - offset(first, zone);
  return first === second ? first : Math.max(first, second);
}

export function startOfDay(ms: number, zone: string): number {
  const { year, month, day } = wallClock(ms, zone);
  return instantOf({ year, month, day, hour: 0, minute: 0, second: 0 }, zone);
}

/** Weeks begin on Monday. */
export function startOfWeek(ms: number, zone: string): number {
  const { year, month, day } = wallClock(ms, zone);
  const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
  return instantOf({ year, month, day: day - weekday, hour: 0, minute: 0, second: 0 }, zone);
}

export function startOfMonth(ms: number, zone: string): number {
  const { year, month } = wallClock(ms, zone);
  return instantOf({ year, month, day: 1, hour: 0, minute: 0, second: 0 }, zone);
}

/** The same time of day some days later, or earlier. */
export function addDays(ms: number, days: number, zone: string): number {
  const wall = wallClock(ms, zone);
  return instantOf({ ...wall, day: wall.day + days }, zone) + (((ms % 1000) + 1000) % 1000);
}

export function addMonths(ms: number, months: number, zone: string): number {
  const wall = wallClock(ms, zone);
  return instantOf({ ...wall, month: wall.month + months }, zone);
}

/** How far the zone's clocks are ahead of UTC at this instant, in milliseconds. */
function offset(ms: number, zone: string): number {
  const { year, month, day, hour, minute, second } = wallClock(ms, zone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

function format(zone: string): Intl.DateTimeFormat {
  let known = formats.get(zone);
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, known);
  }
  return known;
}
