import type { Snapshot } from '@tidegauge/client';
import { expect, test } from 'vitest';
import { RECENT_SECONDS, Recent } from './recent';

const T = Date.parse('2026-11-21T10:00:00.000Z');
const at = (seconds: number) => new Date(T + seconds * 1000).toISOString();
const snapshot = (seconds: number, more: Partial<Snapshot> = {}): Snapshot => ({
  time: at(seconds), open_connections: 5, events_per_second: 2, requests_per_second: 1, error_rate: null, total_events: 9, top_names: [], ...more,
});

test('a snapshot tells of the second before it', () => {
  const recent = new Recent();
  recent.hear(snapshot(0, { events_per_second: 7, error_rate: 0.5 }));
  const { events, open, errors } = recent.lines(T);
  expect([events.length, events.at(-1), events.at(-2), open.at(-1), errors.at(-1)]).toEqual([RECENT_SECONDS, 7, 0, 5, 0.5]);
});

test('what queries tell fills what the stream did not', () => {
  const recent = new Recent();
  recent.hear(snapshot(0, { events_per_second: 7 }));
  recent.fill('events', [{ time: at(-1), count: 3 }, { time: at(-2), count: 4 }]);
  expect(recent.lines(T).events.slice(-3)).toEqual([0, 4, 7]);
});

test('an error rate is the share among the requests of the minute before', () => {
  const recent = new Recent();
  recent.fillErrors([{ time: at(-70), count: 3, errors: 3 }, { time: at(-50), count: 4, errors: 1 }], T);
  const { errors } = recent.lines(T);
  expect([errors.at(-1), errors.at(-20), errors.at(-60), errors.at(-72)]).toEqual([1 / 4, 4 / 7, 1, null]);
});

test('how many were open is counted back from now', () => {
  const recent = new Recent();
  recent.fillOpen(5, [{ time: at(-2), count: 3 }], [{ time: at(-4), count: 1 }], T);
  expect(recent.lines(T).open.slice(-6)).toEqual([3, 3, 2, 2, 5, 5]);
});

test('the memory of an hour is that of five minutes', () => {
  const recent = new Recent();
  recent.fill('events', Array.from({ length: 300 }, (_, second) => ({ time: at(second - 300), count: 1 })));
  for (let second = 0; second < 3_600; second += 1) recent.hear(snapshot(second));
  expect(recent.kept).toBeLessThanOrEqual(RECENT_SECONDS + 10);
});
