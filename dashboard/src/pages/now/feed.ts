/**
 * The newest events of the stream, newest first: at most `MAX_ROWS`, however many come. While it is held what comes
 * waits, so that nobody loses the row that they read.
 */
import type { LiveEvent } from '@tidegauge/client';

export const MAX_ROWS = 500;

export type FeedRow =
  | { kind: 'event'; key: number; event: LiveEvent }
  /** Between its neighbours something happened to the stream. */
  | { kind: 'note'; key: number; at: number; text: string };

export class Feed {
  /** Newest last, so that adding costs the same for every row. */
  #shown: FeedRow[] = [];
  #waiting: FeedRow[] = [];
  #waitingEvents = 0;
  #last = 0;
  #held = false;

  /** Events that came while the feed was held, also those that were let go of since. */
  get waiting(): number {
    return this.#waitingEvents;
  }

  /** Newest first. */
  get rows(): FeedRow[] {
    return this.#shown.slice(-MAX_ROWS).reverse();
  }

  add(event: LiveEvent): void {
    this.#put({ kind: 'event', key: this.#next(), event });
    if (this.#held) this.#waitingEvents += 1;
  }

  /**
   * What landed before the stream began, newest first, each where its time puts it; what is there stays in its order.
   * What the stream told of already is not told twice.
   */
  begin(before: readonly LiveEvent[]): void {
    const known = new Set([...this.#shown, ...this.#waiting].map((row) => (row.kind === 'event' ? row.event.event_id : '')));
    let at = 0;
    for (const event of before.filter(({ event_id }) => !known.has(event_id)).reverse()) {
      const time = Date.parse(event.event_time);
      while (at < this.#shown.length && timeOf(this.#shown[at]!) < time) at += 1;
      this.#shown.splice(at, 0, { kind: 'event', key: this.#next(), event });
      at += 1;
    }
  }

  note(at: number, text: string): void {
    this.#put({ kind: 'note', key: this.#next(), at, text });
  }

  hold(): void {
    this.#held = true;
  }

  /** What waits is shown. */
  release(): void {
    this.#held = false;
    this.#shown = [...this.#shown, ...this.#waiting].slice(-MAX_ROWS);
    this.#waiting = [];
    this.#waitingEvents = 0;
  }

  clear(): void {
    this.#shown = [];
    this.#waiting = [];
    this.#waitingEvents = 0;
  }

  #put(row: FeedRow): void {
    const rows = this.#held ? this.#waiting : this.#shown;
    rows.push(row);
    // In one go now and then: taking the first away from a long array each time moves all the others.
    if (rows.length >= 2 * MAX_ROWS) rows.splice(0, rows.length - MAX_ROWS);
  }

  #next(): number {
    this.#last += 1;
    return this.#last;
  }
}

function timeOf(row: FeedRow): number {
  return row.kind === 'event' ? Date.parse(row.event.event_time) : row.at;
}
