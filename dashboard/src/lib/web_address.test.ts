import { expect, test } from 'vitest';
import { shortAddresses, withoutOrigin } from './web_address';

test('pages of one site are told by their paths', () => {
  const short = shortAddresses(['https://a.example/', 'https://a.example/x?y=1', null]);
  expect([...short.values()]).toEqual(['/', '/x?y=1']);
});

test('pages of several sites, and screens of an app, keep their whole names', () => {
  expect([...shortAddresses(['https://a.example/', 'https://b.example/']).values()]).toEqual(['https://a.example/', 'https://b.example/']);
  expect(shortAddresses(['app://home', 'https://a.example/x']).get('app://home')).toBe('app://home');
  expect(shortAddresses([]).size).toBe(0);
});

test('one address without its origin', () => {
  expect(withoutOrigin('https://a.example')).toBe('/');
  expect(withoutOrigin('app://home')).toBe('app://home');
  expect(withoutOrigin(null)).toBe('–');
});
