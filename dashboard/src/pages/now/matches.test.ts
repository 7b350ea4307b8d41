import type { LiveEvent } from '@tidegauge/client';
import { expect, test } from 'vitest';
import { parseFilter } from '../../lib/address';
import { matches, mentions, valueAt, wantedNames } from './matches';

const event: LiveEvent = {
  event_id: 'e', event_name: 'checkout', event_time: '2026-11-21T10:00:00.000Z', project_id: 'shop', country: 'DE', latency: 40,
  is_live: true, tags: ['a', 'b'], properties: { plan: 'Pro', cart: { items: 3 } },
};
const filter = (text: string) => parseFilter(text)!;

test.each([
  ['country:eq:DE', true],
  ['country:eq:de', false],
  ['country:ne:FR', true],
  ['country:in:FR,DE', true],
  ['country:not_in:FR,DE', false],
  ['latency:gt:9', true],
  ['latency:lte:40', true],
  ['latency:lt:40', false],
  ['is_live:eq:true', true],
  ['event_name:contains:eck', true],
  ['event_name:starts_with:eck', false],
  ['tags:contains:b', true],
  ['tags:contains:c', false],
  ['user_id:is_null', true],
  ['country:is_not_null', true],
  ['properties.cart.items:eq:3', true],
  ['properties.cart.none:is_null', true],
])('the filter %s is judged as the server does: %s', (text, expected) => {
  expect(matches(event, [filter(text)])).toBe(expected);
});

test('what is not set is not the value, either, and compares with nothing', () => {
  expect(matches(event, [filter('user_id:ne:u1')])).toBe(true);
  expect(matches(event, [filter('user_id:not_in:u1,u2')])).toBe(true);
  expect(matches(event, [filter('user_id:eq:')])).toBe(false);
  expect(matches(event, [filter('user_id:lt:z')])).toBe(false);
});

test('names of objects in general are no columns', () => {
  expect(valueAt(event, 'toString')).toBeNull();
  expect(valueAt(event, 'properties.constructor')).toBeNull();
});

test('a search looks everywhere, whatever the case', () => {
  expect(mentions(event, 'PRO')).toBe(true);
  expect(mentions(event, ' checkout ')).toBe(true);
  expect(mentions(event, 'nowhere')).toBe(false);
  expect(mentions(event, '')).toBe(true);
});

test('the server narrows by those names that all filters allow', () => {
  expect(wantedNames([filter('country:eq:DE')])).toBeNull();
  expect(wantedNames([filter('event_name:in:a,b'), filter('event_name:eq:b')])).toEqual(['b']);
  expect(wantedNames([filter('event_name:ne:a')])).toBeNull();
});
