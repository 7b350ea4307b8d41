/**
 * The page's one clock. It stands still between refreshes, so that all panels ask about the same instants and a
 * question that was asked already is not asked again; `advance` makes every panel look anew.
 */

let now = $state(Date.now());
/** How far the server's clock is ahead of this computer's. */
let skew_ms = 0;

/** Below this a difference may be the network's. */
const SMALLEST_SKEW_MS = 3_000;

export const clock = {
  get now(): number {
    return now;
  },
  /** The instant that it is, by the server's clock; not reactive. */
  exact(): number {
    return Date.now() + skew_ms;
  },
  advance(): void {
    now = clock.exact();
  },
  /** Takes the `Date` of an answer: "the last 5 minutes" are the server's. */
  hear(date: string | null): void {
    const server = Date.parse(date ?? '');
    if (!Number.isFinite(server)) return;
    const difference = server + 500 - Date.now();
    const before = skew_ms;
    skew_ms = Math.abs(difference) < SMALLEST_SKEW_MS ? 0 : difference;
    if (Math.abs(skew_ms - before) > SMALLEST_SKEW_MS) clock.advance();
  },
};
