import { expect, test } from 'vitest';
import type { AuditEntry, Key } from './admin';
import { type Retention, actionWords, actorWords, changed, detailLines, keyState, originsOf, shortened, wholeNumber } from './words';

const T = Date.parse('2026-11-21T10:00:00Z');
const key = (more: Partial<Key>) => ({ revoked_at: null, expires_at: null, replaced_by: null, ...more }) as Key;
const keep: Retention = { events: 90, sessions: null, connections: null, requests: 30 };

test('a key works until it is revoked or has expired', () => {
  expect(keyState(key({}), T)).toBe('works');
  expect(keyState(key({ expires_at: '2026-11-21T09:59:59Z' }), T)).toBe('expired');
  expect(keyState(key({ expires_at: '2026-11-21T10:30:00Z', replaced_by: 'key_2' }), T)).toBe('replaced');
  expect(keyState(key({ revoked_at: '2026-11-21T09:00:00Z', replaced_by: 'key_2' }), T)).toBe('revoked');
});

test('only shorter times remove anything, and for ever is the longest', () => {
  expect(shortened(keep, { ...keep, events: 30, sessions: 7, requests: 60 })).toEqual(['events', 'sessions']);
  expect(shortened(keep, { ...keep, events: null })).toEqual([]);
});

test('a change says what changed alone', () => {
  expect(changed(keep, { ...keep, events: null })).toEqual({ events: null });
});

test('a field is a whole number within bounds, or nothing', () => {
  expect(wholeNumber(' 20,000 ', 1, 100_000)).toBe(20_000);
  expect(wholeNumber('', 1, 9)).toBeNull();
  for (const bad of ['0', '10', '1.5', '-1', 'x', '1e0']) expect(wholeNumber(bad, 1, 9)).toHaveProperty('error');
});

test('origins are written as browsers do', () => {
  expect(originsOf('https://App.example.com/\n\nhttp://localhost:3000 https://app.example.com')).toEqual({
    origins: ['https://app.example.com', 'http://localhost:3000'],
  });
  expect(originsOf('')).toEqual({ origins: [] });
  for (const bad of ['app.example.com', 'https://a.example/page', 'ftp://a.example', '* https://a.example']) {
    expect(originsOf(bad)).toHaveProperty('error');
  }
});

test('a change is told in words', () => {
  const entry = { action: 'key.rotate', target: 'key_1', tenant: 'acme' } as AuditEntry;
  expect(actionWords(entry)).toBe('rotated the key key_1');
  expect(actorWords('command-line:ann')).toBe('ann at the command line');
  const lines = (action: string, details: object) => detailLines({ action, details } as unknown as AuditEntry);
  expect(lines('tenant.set', { limits: { events_per_second: null }, cors_origins: [] })).toEqual([
    'limits.events_per_second: the server’s default',
    'cors_origins: none',
  ]);
  expect(lines('key.create', { project: null, scopes: ['read', 'admin'] })).toEqual(['scopes: read, admin']);
});
