import { expect, test } from 'vitest';
import { levelBounds, levelOf, levelWords, MAX_LEVELS } from './levels';

test('bounds are round, ascend, and no value is beside them', () => {
  const values = [3, 40, 900, 12_000, 480_000];
  const bounds = levelBounds(values);
  expect(bounds).toEqual([1, 20, 500, 5_000, 50_000]);
  expect(values.map((value) => levelOf(value, bounds))).toEqual([1, 2, 3, 4, 5]);
});

test('nothing has no colour, and the largest always has the darkest', () => {
  for (const values of [[7], [1, 2], [5, 5, 5], [1, 1_000_000]]) {
    const bounds = levelBounds(values);
    expect(levelOf(Math.max(...values), bounds)).toBe(MAX_LEVELS);
    expect(levelOf(0, bounds)).toBe(0);
  }
  expect(levelBounds([])).toEqual([]);
});

test('the legend says from where to where', () => {
  const bounds = [1, 50, 500];
  expect(bounds.map((_, place) => levelWords(place, bounds))).toEqual(['1 to 49', '50 to 499', '500 and more']);
});
