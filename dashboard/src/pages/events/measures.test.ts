import { expect, test } from 'vitest';
import { MEASURE_NAMES, measureNamed, metricOf, within } from './measures';

test('a measure of an address that there is none of is the first', () => {
  expect(measureNamed('users')).toBe('users');
  expect(measureNamed('toString')).toBe('events');
  expect(MEASURE_NAMES).toHaveLength(5);
});

test('a metric keeps its own condition when another comes to it', () => {
  const day = within({ from: 0, to: 86_400_000, interval: 'hour', zone: 'UTC' });
  expect(metricOf('events', 'now')).toEqual({ op: 'count', as: 'now' });
  expect(metricOf('errors', 'before', day).where).toEqual([
    { column: 'category', op: 'eq', value: 'error' },
    { column: 'event_time', op: 'gte', value: '1970-01-01T00:00:00.000Z' },
    { column: 'event_time', op: 'lt', value: '1970-01-02T00:00:00.000Z' },
  ]);
});
