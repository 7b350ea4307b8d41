import { expect, test } from 'vitest';
import { groupingOf, isChosen, rowFilters, rowLabel, toggled } from './groupings';
import { byClass, latencies, shownLatency, spark, totals } from './measures';
import { statusText } from './status_codes';

const period = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 1, 3), interval: 'hour', zone: 'UTC' } as const;
const rows = [
  { time: '2026-01-01T00:00:00.000Z', hits: 10, errors: 3, p50: 5, p95: 9, p99: 10, class_2: 6, class_3: 0, class_4: 2, class_5: 1 },
  { time: '2026-01-01T02:00:00.000Z', hits: 4, errors: 0, p50: 7, p95: 8, p99: null, class_2: 4, class_3: 0, class_4: 0, class_5: 0 },
];
const plain = (_: string, value: string) => value;

test('classes add up to the hits, what is of none being a class of its own', () => {
  const { times, series } = byClass(rows, period);
  expect(times).toHaveLength(3);
  expect(series.map(({ name }) => name)).toEqual(['2xx', '3xx', '4xx', '5xx', 'Other']);
  expect(series.map(({ values }) => values[0])).toEqual([6, 0, 2, 1, 1]);
  expect(byClass(rows.slice(1), period).series.map(({ name }) => name)).not.toContain('Other');
});

test('errors alone are the classes from 400', () => {
  expect(byClass(rows, period, true).series.map(({ name }) => name)).toEqual(['4xx', '5xx']);
});

test('an hour without requests has no latency and no share of errors, but no hits either', () => {
  expect(latencies(rows, period).series.map(({ values }) => values[1])).toEqual([null, null, null]);
  expect(spark(rows, period, 'error_share')).toEqual([0.3, null, 0]);
  expect(spark(rows, period, 'hits')).toEqual([10, 0, 4]);
});

test('of nothing there is no share', () => {
  expect(totals(undefined)).toEqual({ hits: 0, errors: 0, error_share: null, p50: null, p95: null, p99: null });
  expect(totals(rows[0]).error_share).toBe(0.3);
});

test('a row is called by what people know it by', () => {
  expect(rowLabel('endpoint', { api_id: 'a', method: 'GET', path: '/x' }, plain)).toBe('GET /x');
  expect(rowLabel('endpoint', { api_id: 'a', method: null, path: '/x' }, plain)).toBe('/x');
  expect(rowLabel('key', { api_key: null }, plain)).toBe('(no key)');
  expect(rowLabel('key', { api_key: 'abc' }, () => 'Partner')).toBe('Partner');
  expect(rowLabel('country', { country: 'DE' }, plain)).toBe('Germany');
});

test('a click narrows to the row, and a second one takes that away', () => {
  const other = { column: 'country', op: 'eq', values: ['DE'] } as const;
  const wanted = rowFilters('endpoint', { api_id: 'a', method: null, path: '/x' });
  expect(wanted.map(({ column, op }) => `${column} ${op}`)).toEqual(['api_id eq', 'method is_null', 'path eq']);
  const once = toggled([{ ...other, values: ['DE'] }], wanted);
  expect(once).toHaveLength(4);
  expect(isChosen(once, wanted)).toBe(true);
  expect(toggled(once, wanted)).toEqual([other]);
});

test('latency is told to three digits', () => {
  expect([33.541, 477.95, 12_345.6, null].map(shownLatency)).toEqual(['33.5 ms', '478 ms', '12.3 s', '–']);
});

test('an address that names no grouping shows APIs; a code without a name is a number', () => {
  expect(groupingOf('nonsense')).toBe('api');
  expect([statusText(404), statusText(799)]).toEqual(['404 Not Found', '799']);
});
