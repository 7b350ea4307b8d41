import { expect, test } from 'vitest';
import { detailsOf } from './details';

test('the telling columns come first, properties by their paths, times last and without a filter', () => {
  const details = detailsOf({
    received_at: '2026-11-21T10:00:01.000Z', event_time: '2026-11-21T10:00:00.000Z', event_id: 'e', zone: 'z', country: 'DE',
    event_name: 'n', project_id: 'p', properties: { cart: { items: 3 }, tags: ['a'], 'a.b': 1, none: null },
  });
  expect(details.map(({ column, text, filter }) => [column, text, filter])).toEqual([
    ['event_name', 'n', true],
    ['project_id', 'p', true],
    ['country', 'DE', true],
    ['event_id', 'e', false],
    ['zone', 'z', true],
    ['properties.cart.items', '3', true],
    ['properties.tags', '["a"]', false],
    ['properties.a.b', '1', false],
    ['properties.none', 'null', false],
    ['event_time', '2026-11-21T10:00:00.000Z', false],
    ['received_at', '2026-11-21T10:00:01.000Z', false],
  ]);
});
