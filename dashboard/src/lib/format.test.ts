import { expect, test } from 'vitest';
import { ago, bucketLabel, bytes, change, country, duration, instant, number, percent } from './format';

test('numbers are short and say when there is none', () => {
  expect([0, 7, 0.123, 999, 1234, 1_234_567, -1500, null, undefined, NaN].map(number)).toEqual([
    '0', '7', '0.12', '999', '1.23k', '1.23M', '-1.5k', '–', '–', '–',
  ]);
});

test('shares, durations and sizes', () => {
  expect([0, 0.0001, 0.0123, 0.5, 1, null].map(percent)).toEqual(['0%', '<0.1%', '1.2%', '50%', '100%', '–']);
  expect([0, 0.0042, 0.25, 12.34, 75, 3600, 90_000].map(duration)).toEqual(['0 s', '4.2 ms', '250 ms', '12.3 s', '1m 15s', '1h', '1d 1h']);
  expect([0, 999, 1500, 2_000_000_000].map(bytes)).toEqual(['0 B', '999 B', '1.5 kB', '2.0 GB']);
});

test('a change against nothing is none', () => {
  expect([change(3, 2), change(1, 2), change(1, 0), change(null, 2)]).toEqual([0.5, -0.5, null, null]);
});

test('instants are shown in the chosen zone', () => {
  expect(instant('2026-11-21T23:03:09Z', 'Europe/Berlin')).toBe('22 Nov 2026, 00:03:09');
  expect(bucketLabel(Date.parse('2026-11-21T23:00:00Z'), 'day', 'Europe/Berlin')).toBe('Sun 22 Nov');
  expect(instant('nonsense', 'UTC')).toBe('–');
  expect(ago('2026-11-21T23:00:00Z', Date.parse('2026-11-21T23:03:09Z'))).toBe('3 min ago');
});

test('a code that is no country stays as it is', () => {
  expect(['DE', 'xx1', '', null].map(country)).toEqual(['Germany', 'xx1', '', '(unknown)']);
});
