import { expect, test } from 'vitest';
import { SMALL_PLACES } from './countries';
import { HEIGHT, SHAPES, WIDTH } from './shapes';

test('every country that people know has a shape or a dot', () => {
  const codes = new Set(SHAPES.map(({ code }) => code));
  for (const code of ['US', 'DE', 'GB', 'FR', 'IN', 'BR', 'JP', 'ZA', 'AU', 'SG', 'HK', 'MT', 'BH', 'LI', 'XK', 'PS', 'TW']) {
    expect(codes, code).toContain(code);
  }
  expect(codes.size).toBeGreaterThan(240);
  expect(SHAPES.filter(({ code, small }) => code === null && !small)).toEqual([]);
});

test('a dot stands for what has no shape', () => {
  const drawn = new Set(SHAPES.filter(({ small }) => !small).map(({ code }) => code));
  expect(SMALL_PLACES.filter(({ code }) => drawn.has(code))).toEqual([]);
});

test('all of it is in the picture', () => {
  for (const { code, path, middle } of SHAPES) {
    expect(path, String(code)).not.toBe('');
    expect(middle[0] >= 0 && middle[0] <= WIDTH && middle[1] >= 0 && middle[1] <= HEIGHT, String(code)).toBe(true);
  }
});
