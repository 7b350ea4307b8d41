import { expect, test } from 'vitest';
import { stacked } from './plot';
import { MAX_LINES, chartData, laidUpon, total } from './series';

const period = { from: 0, to: 180_000, interval: 'minute', zone: 'UTC' } as const;
const time = (minute: number) => new Date(minute * 60_000).toISOString();

test('buckets without rows are zeros, or holes where zero would be wrong', () => {
  const rows = [{ time: time(1), count: 5 }];
  expect(chartData(rows, period, { metric: 'count', name: 'Events' })).toEqual({
    times: [0, 60_000, 120_000],
    series: [{ name: 'Events', values: [0, 5, 0] }],
  });
  expect(chartData(rows, period, { metric: 'count', missing: null }).series[0]!.values).toEqual([null, 5, null]);
});

test('groups come by size, and the many small ones are put together', () => {
  const rows = Array.from({ length: MAX_LINES + 3 }, (_, at) => ({ time: time(0), name: `n${at}`, count: 100 - at }));
  const { series } = chartData([...rows, { time: time(1), name: null, count: 1000 }], period, { metric: 'count', by: 'name' });
  expect(series.map(({ name }) => name)).toEqual(['(not set)', 'n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'Others']);
  expect(total(series.flatMap(({ values }) => values))).toBe(1000 + total(rows.map(({ count }) => count)));
});

test('percentiles of small groups are not added up', () => {
  const rows = Array.from({ length: MAX_LINES + 3 }, (_, at) => ({ time: time(0), name: `n${at}`, p95: at }));
  const { series } = chartData(rows, period, { metric: 'p95', by: 'name', missing: null });
  expect(series).toHaveLength(MAX_LINES);
});

test('the period before is laid bucket upon bucket', () => {
  const before = { from: -180_000, to: 0, interval: 'minute', zone: 'UTC' } as const;
  const shown = chartData([], period, { metric: 'count' });
  const lines = laidUpon(chartData([{ time: time(-2), count: 7 }], before, { metric: 'count' }), shown);
  expect(lines[0]!.values).toEqual([0, 7, 0]);
});

test('a pile stands on what is below', () => {
  expect(stacked([[1, null, 3], [1, 1, 1]])).toEqual([[1, 0, 3], [2, 1, 4]]);
});
