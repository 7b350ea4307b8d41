import type { LiveEvent } from '@tidegauge/client';
import { expect, test } from 'vitest';
import { Feed, MAX_ROWS } from './feed';

const event = (id: string): LiveEvent => ({ event_id: id, event_name: 'n', event_time: '2026-11-21T10:00:00.000Z', project_id: 'p' });
const ids = (feed: Feed) => feed.rows.map((row) => (row.kind === 'event' ? row.event.event_id : row.text));

test('the newest stands first', () => {
  const feed = new Feed();
  feed.add(event('a'));
  feed.add(event('b'));
  expect(ids(feed)).toEqual(['b', 'a']);
});

test('a held feed stands still, counts what waits, and shows it when it is released', () => {
  const feed = new Feed();
  feed.add(event('a'));
  feed.hold();
  feed.add(event('b'));
  feed.note(0, 'cut');
  feed.add(event('c'));
  expect([ids(feed), feed.waiting]).toEqual([['a'], 2]);
  feed.release();
  expect([ids(feed), feed.waiting]).toEqual([['c', 'cut', 'b', 'a'], 0]);
});

test('no more rows are kept than may be, however many come, shown or held', () => {
  const feed = new Feed();
  for (let at = 0; at < 5 * MAX_ROWS; at += 1) feed.add(event(`s${at}`));
  expect([feed.rows.length, ids(feed)[0]]).toEqual([MAX_ROWS, `s${5 * MAX_ROWS - 1}`]);
  feed.hold();
  for (let at = 0; at < 3 * MAX_ROWS + 7; at += 1) feed.add(event(`h${at}`));
  expect(feed.waiting).toBe(3 * MAX_ROWS + 7);
  feed.release();
  expect([feed.rows.length, ids(feed)[0], ids(feed).at(-1)]).toEqual([MAX_ROWS, `h${3 * MAX_ROWS + 6}`, `h${2 * MAX_ROWS + 7}`]);
});

test('what landed before the stream began stands below, without what the stream told already', () => {
  const feed = new Feed();
  feed.add(event('c'));
  feed.begin([event('c'), event('b'), event('a')]);
  expect(ids(feed)).toEqual(['c', 'b', 'a']);
});

test('what landed while the stream was asked for anew stands where its time puts it', () => {
  const at = (id: string, second: number) => ({ ...event(id), event_time: `2026-11-21T10:00:0${second}.000Z` });
  const feed = new Feed();
  for (const one of [at('b', 2), at('late', 1), at('e', 5)]) feed.add(one);
  feed.begin([at('d', 4), at('c', 3), at('b', 2), at('a', 1)]);
  expect(ids(feed)).toEqual(['e', 'd', 'c', 'late', 'b', 'a']);
});

test('each row has a key of its own', () => {
  const feed = new Feed();
  feed.add(event('a'));
  feed.begin([event('b')]);
  feed.add(event('a'));
  expect(new Set(feed.rows.map(({ key }) => key)).size).toBe(3);
});
