import { expect, test } from 'vitest';
import { overTimeOf, sumsBy, totalsOf } from './numbers';

const rows = [
  { service_name: 'chat', total: 3, opened: 2, open: 1, seconds: 30 },
  { service_name: 'rt', total: 5, opened: 5, open: 0, seconds: 10 },
  { service_name: 'chat', total: 2, opened: 0, open: 2, seconds: 60 },
];
const T = Date.parse('2026-11-21T10:00:00.000Z');
const period = { from: T + 60_000, to: T + 3_600_000, interval: '15m', zone: 'UTC' } as const;
const row = (minutes: number, peak: number, last: number, opened: number) => ({ time: new Date(T + minutes * 60_000).toISOString(), peak, last, opened });

test('sums are by name, the many first', () => {
  expect(sumsBy(rows, 'service_name')).toEqual([{ key: 'chat', value: 5 }, { key: 'rt', value: 5 }]);
});

test('the mean weighs each connection alike', () => {
  expect(totalsOf(rows)).toEqual({ total: 10, opened: 7, open: 3, mean_seconds: 10 });
  expect(totalsOf([]).mean_seconds).toBeNull();
});

test('what was open stays open in buckets without a change', () => {
  const { peaks, opened, peak } = overTimeOf([row(0, 4, 3, 2), row(45, 2, 1, 0)], period);
  expect(peaks.series[0]!.values).toEqual([4, 3, 3, 3]);
  expect(opened.series[0]!.values).toEqual([2, 0, 0, 0]);
  expect(peak).toBe(4);
});

test('finer answers make up the buckets', () => {
  const day = { from: T, to: T + 2 * 86_400_000, interval: 'day', zone: 'UTC' } as const;
  const { peaks, opened } = overTimeOf([row(0, 4, 3, 1), row(15, 7, 2, 4), row(24 * 60, 3, 1, 1)], day);
  expect(peaks.series[0]!.values).toEqual([7, 3, 1]);
  expect(opened.series[0]!.values).toEqual([5, 1, 0]);
});
