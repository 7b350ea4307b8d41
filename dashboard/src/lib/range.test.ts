import { expect, test } from 'vitest';
import { PRESETS, bucketStarts, periodBefore, resolve } from './range';
import { addDays, instantOf, startOfDay, startOfWeek, wallClock } from './time_zone';

const at = (text: string) => Date.parse(text);
const now = at('2026-11-21T14:03:09.500Z');

test('a preset begins at a bucket’s start and ends now', () => {
  for (const preset of PRESETS) {
    const period = resolve({ preset }, now, 'America/Bogota');
    expect(period.to).toBe(now);
    if (preset !== 'today') expect(bucketStarts(period)[0], preset).toBe(period.from);
  }
  expect(bucketStarts(resolve({ preset: '1h' }, now, 'UTC'))).toHaveLength(60);
  expect(bucketStarts(resolve({ preset: '30d' }, now, 'Europe/Berlin'))).toHaveLength(30);
});

test('a day that begins in the middle of an hour of UTC has its first hour cut, not left out', () => {
  const week = resolve({ preset: '7d' }, now, 'Asia/Kolkata');
  expect(bucketStarts(week)[0]).toBe(week.from - 1_800_000);
});

test('the period before has the same buckets, one range earlier', () => {
  for (const preset of PRESETS) {
    const period = resolve({ preset }, now, 'Europe/Berlin');
    const before = periodBefore({ preset }, period);
    expect(before.to, preset).toBeLessThanOrEqual(period.to);
    expect(bucketStarts(before).length, preset).toBe(bucketStarts(period).length);
  }
  const custom = { from: at('2026-01-02T00:00:00Z'), to: at('2026-01-03T00:00:00Z') };
  expect(periodBefore(custom, resolve(custom, now, 'UTC'))).toMatchObject({ from: at('2026-01-01T00:00:00Z'), to: custom.from });
});

test('days are as long as they are where clocks are put forward or back', () => {
  const spring = { from: at('2026-03-27T23:00:00Z'), to: at('2026-03-30T22:00:00Z') };
  const days = bucketStarts({ ...spring, interval: 'day', zone: 'Europe/Berlin' });
  expect(days.map((day) => new Date(day).toISOString())).toEqual([
    '2026-03-27T23:00:00.000Z',
    '2026-03-28T23:00:00.000Z',
    '2026-03-29T22:00:00.000Z',
  ]);
  expect(addDays(at('2026-10-24T22:00:00Z'), 1, 'Europe/Berlin')).toBe(at('2026-10-25T23:00:00Z'));
});

test('a custom range is divided into as many buckets as can be read', () => {
  const length = (ms: number) => resolve({ from: now - ms, to: now }, now, 'UTC').interval;
  expect([60_000, 3_600_000, 86_400_000, 7 * 86_400_000, 365 * 86_400_000].map(length)).toEqual([
    'second', 'minute', '15m', 'hour', 'week',
  ]);
});

test('a wall clock is turned into the instant and back', () => {
  const wall = { year: 2026, month: 7, day: 1, hour: 9, minute: 30, second: 0 };
  expect(instantOf(wall, 'America/New_York')).toBe(at('2026-07-01T13:30:00Z'));
  expect(wallClock(at('2026-07-01T13:30:00Z'), 'America/New_York')).toEqual(wall);
  expect(startOfDay(at('2026-07-01T02:00:00Z'), 'America/New_York')).toBe(at('2026-06-30T04:00:00Z'));
  expect(startOfWeek(at('2026-11-22T12:00:00Z'), 'UTC')).toBe(at('2026-11-16T00:00:00Z'));
});
