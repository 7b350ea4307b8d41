/**
 * The last minutes, second by second: filled by queries when the stream begins, then by what it says each second.
 * Seconds that nobody told of have the value before them where it is a state, and zero where it is a rate.
 */
import type { Row, Snapshot } from '@tidegauge/client';

/** What the sparklines show. */
export const RECENT_SECONDS = 300;
/** The stretch that an error rate is the share of. */
export const ERROR_SECONDS = 60;

export type Measure = 'open' | 'events' | 'requests' | 'errors';
export type Lines = Record<Measure, (number | null)[]>;

type Second = Partial<Record<Measure, number | null>>;

export class Recent {
  #seconds = new Map<number, Second>();

  /** Of how many seconds anything is kept. */
  get kept(): number {
    return this.#seconds.size;
  }

  /** Second by second up to and without the one that now is going on. */
  lines(now: number): Lines {
    const end = Math.floor(now / 1000);
    const lines: Lines = { open: [], events: [], requests: [], errors: [] };
    let open = this.#first('open', end);
    for (let second = end - RECENT_SECONDS; second < end; second += 1) {
      const known = this.#seconds.get(second);
      open = known?.open ?? open;
      lines.open.push(open);
      lines.events.push(known?.events ?? 0);
      lines.requests.push(known?.requests ?? 0);
      lines.errors.push(known?.errors ?? null);
    }
    return lines;
  }

  /** What landed in the second before the snapshot, and the state at it. */
  hear(snapshot: Snapshot): void {
    const second = Math.floor(Date.parse(snapshot.time) / 1000) - 1;
    if (!Number.isFinite(second)) return;
    this.#put(second, {
      open: snapshot.open_connections,
      events: snapshot.events_per_second,
      requests: snapshot.requests_per_second,
      errors: snapshot.error_rate,
    });
    // Not in order: what a query tells of comes after what the stream said before it.
    for (const old of this.#seconds.keys()) if (old < second - RECENT_SECONDS - 5) this.#seconds.delete(old);
  }

  /** Rows by second. What the stream said of a second already is not changed by them. */
  fill(measure: 'events' | 'requests', rows: readonly Row[]): void {
    for (const [second, row] of bySecond(rows)) this.#put(second, { [measure]: numberOf(row['count']) }, true);
  }

  /** Requests and their errors by second, `from` at least `ERROR_SECONDS` before what is shown. */
  fillErrors(rows: readonly Row[], now: number): void {
    const known = new Map(bySecond(rows));
    const end = Math.floor(now / 1000);
    let requests = 0;
    let errors = 0;
    for (let second = end - RECENT_SECONDS - ERROR_SECONDS; second < end; second += 1) {
      const [comes, goes] = [known.get(second), known.get(second - ERROR_SECONDS)];
      requests += numberOf(comes?.['count']) - numberOf(goes?.['count']);
      errors += numberOf(comes?.['errors']) - numberOf(goes?.['errors']);
      if (second >= end - RECENT_SECONDS) this.#put(second, { errors: requests > 0 ? errors / requests : null }, true);
    }
  }

  /** How many were open before, from how many are now and what was opened and closed meanwhile (rows by second). */
  fillOpen(open: number, opened: readonly Row[], closed: readonly Row[], now: number): void {
    const [more, fewer] = [new Map(bySecond(opened)), new Map(bySecond(closed))];
    let count = open;
    const end = Math.floor(now / 1000);
    for (let second = end; second >= end - RECENT_SECONDS; second -= 1) {
      this.#put(second, { open: Math.max(0, count) }, true);
      count += numberOf(fewer.get(second)?.['count']) - numberOf(more.get(second)?.['count']);
    }
  }

  #put(second: number, more: Second, onlyNew = false): void {
    const known = this.#seconds.get(second);
    const merged = onlyNew ? { ...more, ...known } : { ...known, ...more };
    this.#seconds.set(second, merged);
  }

  #first(measure: Measure, end: number): number | null {
    for (let second = end - RECENT_SECONDS; second < end; second += 1) {
      const value = this.#seconds.get(second)?.[measure];
      if (value !== undefined && value !== null) return value;
    }
    return null;
  }
}

function bySecond(rows: readonly Row[]): [number, Row][] {
  return rows.map((row) => [Math.floor(Date.parse(String(row['time'])) / 1000), row]);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
