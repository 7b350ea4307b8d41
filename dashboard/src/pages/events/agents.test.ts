import { expect, test } from 'vitest';
import { browserOf, byAgent, byUserAgent, systemOf } from './agents';

const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const EDGE = `${CHROME} Edg/142.0.0.0`;
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';

test('a user agent names a browser and a system', () => {
  expect([CHROME, EDGE, IPHONE, FIREFOX].map(browserOf)).toEqual(['Chrome', 'Edge', 'Safari', 'Firefox']);
  expect([CHROME, EDGE, IPHONE, FIREFOX].map(systemOf)).toEqual(['Windows', 'Windows', 'iOS', 'Linux']);
  expect(browserOf('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15')).toBe('Safari');
  expect(browserOf('Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)')).toBe('Bots');
});

test('what is no browser goes by its own name', () => {
  expect(browserOf('curl/8.5.0')).toBe('curl');
  expect(browserOf('HarborApp/5.8.1 (iOS 18.6; iPhone)')).toBe('HarborApp');
  expect(systemOf('HarborApp/5.8.1 (Android 15; Pixel 9)')).toBe('Android');
  expect(browserOf('Mozilla/5.0')).toBe('Other');
  expect(browserOf('')).toBeNull();
  expect(systemOf(null)).toBeNull();
});

test('user agents of one browser are added up, the most first', () => {
  const rows = [
    { user_agent: CHROME, now: 5, before: 1 },
    { user_agent: FIREFOX, now: 6, before: 0 },
    { user_agent: `${CHROME} `, now: 4, before: 2 },
    { user_agent: null, now: 1, before: null },
  ];
  expect(byAgent(rows, 'browser', ['now', 'before'])).toEqual([
    { browser: 'Chrome', now: 9, before: 3 },
    { browser: 'Firefox', now: 6, before: 0 },
    { browser: null, now: 1, before: 0 },
  ]);
});

test('a filter by browser is one by its user agents', () => {
  const agents = [CHROME, EDGE, null, FIREFOX];
  expect(byUserAgent({ column: 'browser', op: 'eq', value: 'Chrome' }, agents)).toEqual({ column: 'user_agent', op: 'in', value: [CHROME] });
  expect(byUserAgent({ column: 'system', op: 'not_in', value: ['Windows', 'iOS'] }, agents)).toEqual({
    column: 'user_agent', op: 'not_in', value: [CHROME, EDGE],
  });
  expect(byUserAgent({ column: 'browser', op: 'eq', value: 'Netscape' }, agents).value).toEqual([]);
  expect(byUserAgent({ column: 'browser', op: 'is_null' }, agents)).toEqual({ column: 'user_agent', op: 'is_null' });
  expect(byUserAgent({ column: 'country', op: 'eq', value: 'DE' }, agents)).toEqual({ column: 'country', op: 'eq', value: 'DE' });
});
