/**
 * The live stream as the page shows it: how it stands, its newest snapshot, the last minutes, and the feed. Follows the
 * chosen project and the filtered names; ends with the page, and so with signing out.
 */
import type { LiveEvent, Metric, Query, Row, Snapshot } from '@tidegauge/client';
import { untrack } from 'svelte';
import { ask, askSql } from '../../lib/api';
import { clock } from '../../lib/clock.svelte';
import { type Failure, failureOf } from '../../lib/failure';
import { client } from '../../lib/session.svelte';
import { view } from '../../lib/view.svelte';
import { Feed, type FeedRow } from './feed';
import { matches, mentions, wantedNames } from './matches';
import { ERROR_SECONDS, type Lines, RECENT_SECONDS, Recent } from './recent';
import { cutWords } from './words';

export type Standing =
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** Cut; tried again at the instant `at` (milliseconds of this computer's clock). */
  | { kind: 'waiting'; why: string; at: number }
  /** Trying again by itself would not help. */
  | { kind: 'failed'; failure: Failure };

/** Rows of a busy stream are shown a few at once, so that each costs little. */
const SHOW_EVERY_MS = 250;

/** The feed begins with what landed within this time. */
const FEED_BEFORE_SECONDS = 900;
const FEED_BEFORE_ROWS = 50;
/** The server takes no more names; with more of them all are read and filtered here. */
const MAX_NAMES = 100;

/** To be called once, while the page is set up. `search` is the text that the feed's events have to mention. */
export function liveStream(search: () => string) {
  let standing = $state.raw<Standing>({ kind: 'connecting' });
  let snapshot = $state.raw<Snapshot | null>(null);
  let lines = $state.raw<Lines | null>(null);
  let rows = $state.raw<FeedRow[]>([]);
  let waiting = $state(0);
  let attempt = $state(0);
  const feed = new Feed();
  let recent = new Recent();
  let changed = false;

  const names = $derived(JSON.stringify(wantedNames(view.filters)));
  const project = $derived(view.project);

  $effect(() => {
    void project;
    untrack(() => {
      feed.clear();
      recent = new Recent();
      snapshot = null;
      lines = null;
      show();
    });
  });

  $effect(() => {
    void attempt;
    const stop = new AbortController();
    void read(project, JSON.parse(names) as string[] | null, stop.signal);
    const timer = setInterval(() => changed && show(), SHOW_EVERY_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  });

  async function read(of: string | null, eventNames: string[] | null, signal: AbortSignal) {
    standing = { kind: 'connecting' };
    let isBegun = false;
    let isFed = false;
    try {
      const isNarrow = eventNames !== null && eventNames.length <= MAX_NAMES;
      const options = { ...(of === null ? {} : { project: of }), ...(isNarrow ? { eventNames } : {}) };
      for await (const message of client.live({ ...options, feed: true, signal })) {
        if (signal.aborted) return;
        if (message.type === 'event') {
          add(message.data);
        } else if (message.type === 'snapshot') {
          standing = { kind: 'live' };
          snapshot = message.data;
          recent.hear(message.data);
          lines = recent.lines(Date.parse(message.data.time));
          if (!isBegun) void fill(of, message.data, signal);
          if (!isFed) void feedBefore(of, isNarrow ? eventNames : null, signal);
          isBegun = isFed = true;
        } else if (message.type === 'waiting') {
          isBegun = false;
          const why = cutWords(message.reason);
          if (standing.kind === 'live') note(why);
          standing = { kind: 'waiting', why, at: Date.now() + message.retry_in_ms };
        } else if (message.type === 'missed') note('Some events are missing here: the stream was away for longer than they are kept.');
      }
    } catch (error) {
      if (!signal.aborted) standing = { kind: 'failed', failure: failureOf(error) };
    }
  }

  /** The minutes before the stream began. What cannot be had leaves its line empty. */
  async function fill(of: string | null, { time, open_connections }: Snapshot, signal: AbortSignal) {
    const now = Date.parse(time);
    const into = recent;
    const seconds = (back: number) => new Date(now - back * 1000).toISOString();
    const query = (more: Partial<Query> & Pick<Query, 'table'>): Query => ({
      from: seconds(RECENT_SECONDS), to: time, interval: 'second', limit: 10_000, ...(of === null ? {} : { project: of }), ...more,
    });
    const errors: Metric = { op: 'count', as: 'errors', where: [{ column: 'is_error', op: 'eq', value: true }] };
    const closings = {
      sql: `SELECT date_trunc('second', closed_at) AS time, count(*) AS count FROM connections
            WHERE event_time >= $1 AND closed_at >= $2 ${of === null ? '' : 'AND project_id = $3'} GROUP BY 1`,
      // What has been open for more than a day and ended just now is left out: looking for it would read everything.
      parameters: [seconds(86_400), seconds(RECENT_SECONDS), ...(of === null ? [] : [of])],
      limit: 10_000,
    };
    await Promise.allSettled([
      ask(query({ table: 'events' }), signal).then(({ rows }) => into.fill('events', rows)),
      ask(query({ table: 'requests', from: seconds(RECENT_SECONDS + ERROR_SECONDS), metrics: [{ op: 'count' }, errors] }), signal).then(
        ({ rows }) => {
          into.fill('requests', rows);
          into.fillErrors(rows, now);
        },
      ),
      Promise.all([ask(query({ table: 'connections' }), signal), askSql(closings, signal)]).then(([opened, closed]) =>
        into.fillOpen(open_connections, opened.rows, closed.rows, now),
      ),
    ]);
    if (!signal.aborted && into === recent) lines = recent.lines(now);
  }

  /** The newest events of before the stream, and what landed while it was asked for anew, because of other names. */
  async function feedBefore(of: string | null, eventNames: string[] | null, signal: AbortSignal) {
    if (eventNames?.length === 0) return;
    const parameters = [new Date(clock.exact() - FEED_BEFORE_SECONDS * 1000).toISOString()];
    const put = (value: string) => `$${parameters.push(value)}`;
    const where = [
      'event_time >= $1',
      ...(of === null ? [] : [`project_id = ${put(of)}`]),
      ...(eventNames === null ? [] : [`event_name IN (${eventNames.map(put).join(', ')})`]),
    ];
    const newest = {
      sql: `SELECT * FROM events WHERE ${where.join(' AND ')} ORDER BY event_time DESC`,
      parameters,
      limit: FEED_BEFORE_ROWS,
    };
    const { rows: before } = await askSql(newest, signal).catch(() => ({ rows: [] }));
    if (signal.aborted) return;
    feed.begin(before.map(eventOf).filter(isWanted));
    changed = true;
  }

  /** Filters are applied again when rows are shown; what cannot be shown now need not take a place. */
  function isWanted(event: LiveEvent): boolean {
    return matches(event, view.filters) && mentions(event, search());
  }

  function add(event: LiveEvent) {
    if (!isWanted(event)) return;
    feed.add(event);
    changed = true;
  }

  function note(text: string) {
    feed.note(clock.exact(), text);
    changed = true;
  }

  function show() {
    changed = false;
    rows = feed.rows;
    waiting = feed.waiting;
  }

  return {
    get standing() {
      return standing;
    },
    get snapshot() {
      return snapshot;
    },
    get lines() {
      return lines;
    },
    /** Newest first; may hold rows of before a filter was chosen. */
    get rows() {
      return rows;
    },
    /** Events that came while the feed was held. */
    get waiting() {
      return waiting;
    },
    hold(held: boolean) {
      if (held) feed.hold();
      else feed.release();
      show();
    },
    clear() {
      feed.clear();
      show();
    },
    retry() {
      attempt += 1;
    },
  };
}

/** A row of the view as the stream would have told it. */
function eventOf(row: Row): LiveEvent {
  const known = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as LiveEvent;
  try {
    return { ...known, ...(typeof row['properties'] === 'string' ? { properties: JSON.parse(row['properties']) as unknown } : {}) };
  } catch {
    return known;
  }
}

export type LiveStream = ReturnType<typeof liveStream>;
