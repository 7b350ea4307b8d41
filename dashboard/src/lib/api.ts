/**
 * Questions to the server, each asked once: those under way are shared, answers are kept a while, and nobody waiting
 * any longer cancels the call.
 */
import { type Answer, type Query, type SqlQuery, TidegaugeError, type RowsAs } from '@tidegauge/client';
import { client, onSignOut } from './session.svelte';

/** Answers that are kept: the range's end is part of the question, so an old one is never taken for new. */
const MAX_KEPT = 200;
/** A refusal for being too many is waited out once if it is this short. */
const MAX_WAIT_MS = 5_000;

const kept = new Map<string, Answer>();
const underWay = new Map<string, { answer: Promise<Answer>; controller: AbortController; waiting: number }>();

onSignOut(() => {
  kept.clear();
  for (const { controller } of underWay.values()) controller.abort();
  underWay.clear();
});

/** The answer to a query. Throws a `TidegaugeError`, or an `AbortError` when the signal aborts. */
export function ask(query: Query, signal?: AbortSignal): Promise<Answer> {
  return once(`query ${JSON.stringify(query)}`, (own) => client.query(query, own), signal);
}

/** A statement's answer; never kept, because the data move under it. */
export function askSql(query: SqlQuery, signal?: AbortSignal): Promise<Answer> {
  return patiently(() => client.sql(query, signal), signal);
}

/** The rows of a query as a file that the browser saves. */
export async function download(query: Query, as: RowsAs, name: string): Promise<void> {
  save(await client.queryAs(as, query), name);
}

export async function downloadSql(query: SqlQuery, as: RowsAs, name: string): Promise<void> {
  save(await client.sqlAs(as, query), name);
}

/** Lets the browser save this under a name. */
export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function once(key: string, call: (signal: AbortSignal) => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
  signal?.throwIfAborted();
  const known = kept.get(key);
  if (known !== undefined) return known;
  let shared = underWay.get(key);
  if (shared === undefined) {
    const controller = new AbortController();
    const answer = patiently(() => call(controller.signal), controller.signal);
    shared = { answer, controller, waiting: 0 };
    underWay.set(key, shared);
    const own = shared;
    answer
      .then((value) => {
        if (underWay.get(key) === own) keep(key, value);
      }, () => {})
      .finally(() => {
        if (underWay.get(key) === own) underWay.delete(key);
      });
  }
  const mine = shared;
  mine.waiting += 1;
  return new Promise((resolve, reject) => {
    const leave = () => {
      mine.waiting -= 1;
      if (mine.waiting === 0) {
        mine.controller.abort();
        if (underWay.get(key) === mine) underWay.delete(key);
      }
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', leave, { once: true });
    mine.answer.then(resolve, reject).finally(() => signal?.removeEventListener('abort', leave));
  });
}

async function patiently<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const wait = error instanceof TidegaugeError && (error.status === 429 || error.status === 503) ? error.retry_after_ms : null;
    if (wait === null || wait > MAX_WAIT_MS) throw error;
    await new Promise((resolve) => setTimeout(resolve, wait));
    signal?.throwIfAborted();
    return call();
  }
}

function keep(key: string, answer: Answer): void {
  kept.set(key, answer);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
}
