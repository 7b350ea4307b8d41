import { expect, test } from 'vitest';
import { firstPages, firstPagesQuery, sessionKey } from './first_pages';

test('the first page of each session counts, projects apart', () => {
  const event = (project_id: string, session_id: string, page_url: string) => ({ project_id, session_id, page_url });
  const pages = firstPages([event('a', '1', '/x'), event('b', '1', '/y'), event('a', '1', '/z')]);
  expect(pages.get(sessionKey({ project_id: 'a', session_id: '1' }))).toBe('/x');
  expect(pages.get(sessionKey({ project_id: 'b', session_id: '1' }))).toBe('/y');
});

test('it is asked about no longer a time than the sessions took', () => {
  const { from, to, filters } = firstPagesQuery([
    { project_id: 'a', session_id: '1', started: '2026-01-01T12:00:00Z' },
    { project_id: 'a', session_id: '2', started: '2026-01-01T10:00:00Z' },
  ]);
  expect([from, to]).toEqual(['2026-01-01T04:00:00.000Z', '2026-01-01T18:00:00.000Z']);
  expect(filters?.[0]?.value).toEqual(['1', '2']);
});
