import { expect, test } from 'vitest';
import { MEASURES, NONE, added, buckets, byColumn, stepFor } from './measures';

const row = (bin: string, sessions: number) => ({ bin, sessions, events: sessions * 3, seconds: sessions * 10.5, bounces: 1 });

test('quarters of an hour become the days of the zone', () => {
  const from = Date.parse('2026-03-28T18:30:00Z'); // Midnight in Kolkata.
  const period = { from, to: from + 2 * 86_400_000, interval: 'day', zone: 'Asia/Kolkata' } as const;
  const rows = [row('2026-03-28T18:15:00.000Z', 9), row('2026-03-28T18:30:00.000Z', 2), row('2026-03-29T18:15:00.000Z', 3), row('2026-03-29T18:30:00.000Z', 4)];
  const { times, sums } = buckets(rows, period);
  expect(times).toHaveLength(2);
  expect(sums.map(({ sessions }) => sessions)).toEqual([5, 4]);
  expect(stepFor(period)).toBe('15 minutes');
});

test('means and shares are of all, and of none there is none', () => {
  const sum = added([row('2026-01-01T00:00:00Z', 1), row('2026-01-01T01:00:00Z', 3)]);
  expect(sum).toEqual({ sessions: 4, events: 12, seconds: 42, bounces: 2 });
  expect(MEASURES.length.of(sum)).toBe(10.5);
  expect(MEASURES.bounces.of(sum)).toBe(0.5);
  expect(MEASURES.events.of(NONE)).toBeNull();
  expect(MEASURES.sessions.of(NONE)).toBe(0);
});

test('combinations are added up by one of their columns', () => {
  const rows = [
    { country: 'DE', client_os_name: 'iOS', sessions: 3 },
    { country: null, client_os_name: 'iOS', sessions: 4 },
    { country: 'DE', client_os_name: 'Android', sessions: 2 },
  ];
  expect(byColumn(rows, 'country')).toEqual([{ key: 'DE', value: 5 }, { key: null, value: 4 }]);
  expect(byColumn(rows, 'client_os_name')[0]).toEqual({ key: 'iOS', value: 7 });
});
