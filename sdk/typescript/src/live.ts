/**
 * The live stream as an async iterator: it reconnects by itself with what it has seen last, so that a reader misses
 * nothing that the server still keeps, and says so when it did.
 */
import { streamMessages } from './event_stream.js';
import type { LiveEvent, Snapshot } from './schemas.js';
import { TidegaugeError, refusal } from './problem.js';

export interface LiveOptions {
  /** One project; without it all that the caller may see. */
  project?: string | undefined;
  /** Each event as it lands, beside the snapshots. */
  feed?: boolean | undefined;
  /** Only these names in the feed. */
  eventNames?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

export type LiveMessage =
  | { type: 'open' }
  | { type: 'snapshot'; data: Snapshot }
  | { type: 'event'; data: LiveEvent }
  /** Events between are lost to this reader: it was away for longer than the server keeps them. */
  | { type: 'missed'; reason: string }
  /** The connection is gone and a new one is tried after the pause. */
  | { type: 'waiting'; reason: string; retry_in_ms: number };

export type Connect = (path: string, headers: Record<string, string>, signal: AbortSignal) => Promise<Response>;

/** The server sends a snapshot each second: after this much silence the connection counts as dead. */
export const MAX_SILENCE_MS = 15_000;
const FIRST_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 30_000;

/**
 * Messages until the signal aborts or the loop is left. Throws a `TidegaugeError` where trying again cannot help: a
 * refused credential, an unknown project.
 */
export async function* live(connect: Connect, options: LiveOptions = {}): AsyncGenerator<LiveMessage, void, undefined> {
  const { signal } = options;
  let lastId: string | null = null;
  let retryMs = FIRST_PAUSE_MS;
  let failures = 0;
  while (!signal?.aborted) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal?.addEventListener('abort', stop, { once: true });
    let silence = setTimeout(stop, MAX_SILENCE_MS);
    let reason: string;
    let pause: number | null = null;
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (lastId !== null) headers['last-event-id'] = lastId;
      const response = await connect(livePath(options), headers, attempt.signal);
      if (!response.ok || response.body === null) throw await refusal(response);
      yield { type: 'open' };
      reason = 'the stream ended';
      for await (const message of streamMessages(response.body, (ms) => (retryMs = Math.min(ms, MAX_PAUSE_MS)))) {
        clearTimeout(silence);
        silence = setTimeout(stop, MAX_SILENCE_MS);
        failures = 0;
        if (message.id !== null) lastId = message.id;
        const data = JSON.parse(message.data) as unknown;
        if (message.event === 'snapshot') yield { type: 'snapshot', data: data as Snapshot };
        else if (message.event === 'event') yield { type: 'event', data: data as LiveEvent };
        else if (message.event === 'missed') yield { type: 'missed', reason: (data as { reason: string }).reason };
        else if (message.event === 'end') {
          reason = (data as { reason: string }).reason;
          if (reason === 'credential') throw new TidegaugeError(401, 'the credential is not valid any longer');
          break;
        }
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof TidegaugeError) {
        if (!worthRetrying(error.status)) throw error;
        pause = error.retry_after_ms;
      }
      reason = attempt.signal.aborted ? 'the server fell silent' : error instanceof Error ? error.message : String(error);
    } finally {
      clearTimeout(silence);
      signal?.removeEventListener('abort', stop);
      attempt.abort();
    }
    if (signal?.aborted) return;
    pause ??= Math.min(retryMs * 2 ** failures, MAX_PAUSE_MS) * (0.75 + Math.random() / 2);
    failures += 1;
    yield { type: 'waiting', reason, retry_in_ms: pause };
    await sleep(pause, signal);
  }
}

function livePath({ project, feed, eventNames }: LiveOptions): string {
  const query = new URLSearchParams();
  if (feed) query.set('feed', 'events');
  for (const name of eventNames ?? []) query.append('event_name', name);
  const path = project === undefined ? 'api/v1/live' : `api/v1/live/${encodeURIComponent(project)}`;
  return query.size > 0 ? `${path}?${query}` : path;
}

/** Anything but a refusal that would be the same the next time. */
function worthRetrying(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
