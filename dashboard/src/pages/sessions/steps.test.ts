import { expect, test } from 'vitest';
import { offset, spacing, stepsOf } from './steps';

const event = (event_id: string, event_time: string) => ({ event_id, event_time });

test('steps are told from the start of the session, those before it too', () => {
  const steps = stepsOf(
    [event('c', '2026-01-01T10:02:05Z'), event('a', '2026-01-01T09:59:56Z'), event('b', '2026-01-01T10:00:00.000250Z')],
    '2026-01-01T10:00:00.000Z',
  );
  expect(steps.map(({ key, at_seconds, gap_seconds }) => [key, at_seconds, gap_seconds])).toEqual([
    ['a', -4, 0], ['start', 0, 4], ['b', 0.00025, 0.00025], ['c', 125, 124.99975],
  ]);
});

test('a session that nothing describes begins with its first event', () => {
  const steps = stepsOf([event('a', '2026-01-01T10:00:00Z'), event('b', '2026-01-01T10:00:01Z')], null);
  expect(steps.map(({ key, at_seconds }) => [key, at_seconds])).toEqual([['a', 0], ['b', 1]]);
  expect(stepsOf([], null)).toEqual([]);
  expect(stepsOf([], '2026-01-01T10:00:00Z')).toHaveLength(1);
});

test('times since the start read as a stopwatch', () => {
  expect([0, 4, 65, 3_723, -4, 0.25, 0.0004].map(offset)).toEqual(['+0:00', '+0:04', '+1:05', '+1:02:03', '−0:04', '+0.25 s', '+0 s']);
});

test('a long pause is far, but not out of sight', () => {
  expect(spacing(0)).toBe(0);
  expect(spacing(600)).toBeGreaterThan(spacing(10));
  expect(spacing(1e9)).toBe(44);
});
