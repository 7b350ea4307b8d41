/** Where the sessions of a list began: the first page that an event of each names. */
import type { Query, Row } from '@tidegauge/client';

/** More than this a page of sessions seldom has; of the others the first page is not told. */
const MOST_EVENTS = 5_000;
/** Events may come some time before their session, and go on after it. */
const AROUND_MS = 6 * 3_600_000;

export const sessionKey = (row: Row): string => `${row['project_id']}\n${row['session_id']}`;

export function firstPagesQuery(sessions: readonly Row[]): Query {
  const starts = sessions.map((row) => Date.parse(String(row['started'])));
  return {
    table: 'events',
    from: new Date(Math.min(...starts) - AROUND_MS).toISOString(),
    to: new Date(Math.max(...starts) + AROUND_MS).toISOString(),
    filters: [
      { column: 'session_id', op: 'in', value: sessions.map((row) => String(row['session_id'])) },
      { column: 'page_url', op: 'is_not_null' },
    ],
    columns: ['project_id', 'session_id', 'page_url', 'event_time'],
    order: [{ by: 'event_time' }],
    limit: MOST_EVENTS,
  };
}

/** By `sessionKey`. Takes events in the order of time. */
export function firstPages(events: readonly Row[]): Map<string, string> {
  const pages = new Map<string, string>();
  for (const event of events) {
    const key = sessionKey(event);
    if (!pages.has(key)) pages.set(key, String(event['page_url']));
  }
  return pages;
}
