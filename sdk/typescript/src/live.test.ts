import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { live, MAX_SILENCE_MS, type LiveMessage } from './live.js';
import { TidegaugeError } from './problem.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const snapshot = (id: number) => `event: snapshot\nid: ${id}\ndata: {"total_events":${id}}\n\n`;
const answer = (body: string) => new Response(body, { headers: { 'content-type': 'text/event-stream' } });

/** Reads until `count` messages are there, letting the pauses between pass at once. */
async function read(messages: AsyncGenerator<LiveMessage>, count: number): Promise<LiveMessage[]> {
  const seen: LiveMessage[] = [];
  while (seen.length < count) {
    const next = messages.next();
    await vi.runOnlyPendingTimersAsync();
    const { done, value } = await next;
    if (done) break;
    seen.push(value);
  }
  return seen;
}

test('a broken stream is taken up after the last message that was seen', async () => {
  const asked: (string | undefined)[] = [];
  const stop = new AbortController();
  const messages = live(
    async (_, headers) => {
      asked.push(headers['last-event-id']);
      return answer(snapshot(asked.length));
    },
    { signal: stop.signal },
  );
  const seen = await read(messages, 6);
  stop.abort();
  expect(seen.map(({ type }) => type)).toEqual(['open', 'snapshot', 'waiting', 'open', 'snapshot', 'waiting']);
  expect(asked).toEqual([undefined, '1']);
});

test('a refused credential is not tried again', async () => {
  const messages = live(async () => new Response('{"detail":"no"}', { status: 401 }));
  await expect(messages.next()).rejects.toBeInstanceOf(TidegaugeError);
});

test('a credential that ends while it streams ends the stream', async () => {
  const messages = live(async () => answer('event: end\ndata: {"reason":"credential"}\n\n'));
  expect((await messages.next()).value).toEqual({ type: 'open' });
  await expect(messages.next()).rejects.toMatchObject({ status: 401 });
});

test('pauses grow while the server is away, and a busy server is given the time it asks for', async () => {
  let calls = 0;
  const messages = live(async () => {
    calls += 1;
    if (calls === 4) return new Response('{}', { status: 503, headers: { 'retry-after': '7' } });
    throw new TypeError('fetch failed');
  });
  const seen = await read(messages, 4);
  const pauses = seen.map((message) => (message.type === 'waiting' ? message.retry_in_ms : 0));
  expect(pauses[0]).toBeLessThan(pauses[2]!);
  expect(pauses[3]).toBe(7_000);
  await messages.return();
});

test('a silent connection is given up', async () => {
  const messages = live(
    (_, __, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
  );
  const next = messages.next();
  await vi.advanceTimersByTimeAsync(MAX_SILENCE_MS);
  expect((await next).value).toMatchObject({ type: 'waiting', reason: 'the server fell silent' });
  await messages.return();
});

test('the path names the project and narrows the feed', async () => {
  let path = '';
  const messages = live(
    async (asked) => {
      path = asked;
      return answer(snapshot(1));
    },
    { project: 'a/b', feed: true, eventNames: ['x', 'y z'] },
  );
  await messages.next();
  expect(path).toBe('api/v1/live/a%2Fb?feed=events&event_name=x&event_name=y+z');
  await messages.return();
});
