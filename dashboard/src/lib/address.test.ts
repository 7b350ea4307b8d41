import { expect, test } from 'vitest';
import { DEFAULT_VIEW, MAX_FILTERS, opposite, parseAddress, parseFilter, withFilter, withoutValue, writeAddress, writeFilter, type View } from './address';

const whole: View = {
  page: 'events',
  range: { preset: '7d' },
  compare: true,
  zone: 'Europe/Berlin',
  project: 'shop',
  filters: [
    { column: 'event_name', op: 'eq', values: ['page_view'] },
    { column: 'page_url', op: 'contains', values: ['https://a.example/?q=1&f=x#top,: ü'] },
    { column: 'country', op: 'in', values: ['DE', 'a,b', 'c\\', ''] },
    { column: 'referrer', op: 'is_null', values: [] },
    { column: 'user_id', op: 'eq', values: [''] },
  ],
  refresh: '10s',
  own: { sort: 'hits:desc', q: 'a b+c' },
};

test('what is written is read again', () => {
  expect(parseAddress(writeAddress(whole))).toEqual(whole);
  const custom: View = { ...whole, range: { from: 1_700_000_000_000, to: 1_700_000_060_000 } };
  expect(parseAddress(writeAddress(custom))).toEqual(custom);
});

test('an address reads well, and what is as by default is not in it', () => {
  expect(writeAddress(DEFAULT_VIEW)).toBe('#/now');
  expect(writeAddress({ ...whole, filters: whole.filters.slice(0, 1), own: {} })).toBe(
    '#/events?range=7d&compare=1&tz=Europe/Berlin&project=shop&refresh=10s&f=event_name:eq:page_view',
  );
});

test('an address that makes no sense shows the nearest thing that does', () => {
  expect(parseAddress('')).toEqual(DEFAULT_VIEW);
  expect(parseAddress('#/nowhere?range=9y&tz=Mars/Base&refresh=1ms&f=&f=a&f=a:b:c&f=a:eq')).toEqual(DEFAULT_VIEW);
  expect(parseAddress('#/events?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z').range).toEqual(DEFAULT_VIEW.range);
  expect(parseAddress('#/events?%E0%A4%A').page).toBe('events');
  expect(parseAddress(`#/events?${'f=a:eq:b&'.repeat(100)}`).filters).toHaveLength(MAX_FILTERS);
});

test('a value may hold colons and commas', () => {
  expect(parseFilter('page_url:eq:https://a:80/x,y')).toEqual({ column: 'page_url', op: 'eq', values: ['https://a:80/x,y'] });
  expect(writeFilter({ column: 'a', op: 'in', values: ['x,y', 'z'] })).toBe('a:in:x\\,y,z');
});

test('a filter takes the place of the one that it contradicts', () => {
  const de = { column: 'country', op: 'eq', values: ['DE'] } as const;
  const none = { column: 'country', op: 'is_null', values: [] } as const;
  const starts = { column: 'country', op: 'starts_with', values: ['D'] } as const;
  const filters = [de, starts].map((filter) => ({ ...filter, values: [...filter.values] }));
  expect(withFilter(filters, { ...none, values: [] })).toEqual([starts, none]);
});

test('values are shut out one after the other', () => {
  const one = withoutValue([], 'country', 'DE');
  expect(one).toEqual([{ column: 'country', op: 'ne', values: ['DE'] }]);
  const two = withoutValue(one, 'country', 'US');
  expect(two).toEqual([{ column: 'country', op: 'not_in', values: ['DE', 'US'] }]);
  expect(withoutValue(two, 'country', 'US')).toEqual(two);
  expect(withoutValue(two, 'country', null)).toEqual([...two, { column: 'country', op: 'is_not_null', values: [] }]);
  expect(withoutValue(two, 'page_url', '/')).toHaveLength(2);
});

test('the opposite of a filter turns round again, and what has none says so', () => {
  const de = { column: 'country', op: 'eq', values: ['DE'] } as const;
  const is = { ...de, values: [...de.values] };
  expect(opposite(is)).toEqual({ ...is, op: 'ne' });
  expect(opposite(opposite(is)!)).toEqual(is);
  expect(opposite({ ...is, op: 'contains' })).toBeNull();
});
