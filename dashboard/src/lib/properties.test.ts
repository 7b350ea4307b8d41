import { expect, test } from 'vitest';
import { propertiesOf, propertyPaths } from './properties';

test('objects are unfolded into the paths that a query takes', () => {
  expect(propertiesOf('{"plan":"pro","cart":{"total":12.5,"items":[1,2]},"a.b":true,"none":null}')).toEqual([
    { path: 'plan', value: 'pro', filterable: true },
    { path: 'cart.total', value: 12.5, filterable: true },
    { path: 'cart.items', value: '[1,2]', filterable: false },
    { path: 'a.b', value: true, filterable: true },
    { path: 'none', value: null, filterable: false },
  ]);
  expect(propertiesOf({ plan: 'pro' })).toHaveLength(1);
});

test('what is no object has no properties', () => {
  for (const text of [null, undefined, '', '[1]', '"x"', '{"cut":']) expect(propertiesOf(text)).toEqual([]);
});

test('very deep or very many properties are cut', () => {
  expect(propertiesOf('{"a":{"b":{"c":{"d":{"e":1}}}}}')).toEqual([{ path: 'a.b.c.d', value: '{"e":1}', filterable: false }]);
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`k${at}`, at])));
  expect(propertiesOf(many)).toHaveLength(200);
});

test('the keys of several events come by how often they occur', () => {
  const rows = [{ properties: '{"b":1}' }, { properties: '{"a":1,"b":2}' }, { properties: null }, {}];
  expect(propertyPaths(rows)).toEqual(['b', 'a']);
});
