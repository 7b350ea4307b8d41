/**
 * A server of Tidegauge, typed: `http` is every route of the OpenAPI document; queries, SQL and the live stream have
 * a call of their own. What is refused is thrown as a `TidegaugeError`.
 */
import createClient, { type Client } from 'openapi-fetch';
import { live, type LiveMessage, type LiveOptions } from './live.js';
import type { Answer, Me, Query, SqlQuery } from './schemas.js';
import { TidegaugeError, refusal } from './problem.js';
import type { paths } from './schema.d.ts';

export interface TidegaugeOptions {
  /** Where the server is, with the path prefix that a proxy gives it: `https://host/tidegauge/`. */
  address: string;
  /** An API key or a JWT; a function is asked before each call. */
  credential: string | (() => string | null);
  fetch?: typeof globalThis.fetch;
}

/** What a query's rows can be had as, beside JSON. */
export type RowsAs =
  | 'application/json'
  | 'text/csv'
  | 'application/x-ndjson'
  | 'application/vnd.apache.arrow.stream'
  | 'application/vnd.apache.parquet';

export interface Tidegauge {
  http: Client<paths>;
  me(signal?: AbortSignal): Promise<Me>;
  query(query: Query, signal?: AbortSignal): Promise<Answer>;
  sql(query: SqlQuery, signal?: AbortSignal): Promise<Answer>;
  /** The rows as a file. */
  queryAs(as: RowsAs, query: Query, signal?: AbortSignal): Promise<Blob>;
  sqlAs(as: RowsAs, query: SqlQuery, signal?: AbortSignal): Promise<Blob>;
  live(options?: LiveOptions): AsyncGenerator<LiveMessage, void, undefined>;
}

export function tidegauge(options: TidegaugeOptions): Tidegauge {
  const base = options.address.endsWith('/') ? options.address : `${options.address}/`;
  const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const credential = () => (typeof options.credential === 'string' ? options.credential : options.credential());

  const call = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    const key = credential();
    if (key !== null) headers.set('authorization', `Bearer ${key}`);
    return send(new URL(path, base).href, { ...init, headers });
  };

  const http = createClient<paths>({
    baseUrl: base.slice(0, -1),
    fetch: (request) => send(request),
  });
  http.use({
    onRequest({ request }) {
      const key = credential();
      if (key !== null) request.headers.set('authorization', `Bearer ${key}`);
      return request;
    },
  });

  const get = async (path: string, init: RequestInit): Promise<Response> => {
    let response: Response;
    try {
      response = await call(path, init);
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new TidegaugeError(0, error instanceof Error ? error.message : 'no answer');
    }
    if (!response.ok) throw await refusal(response);
    return response;
  };
  const post = (path: string, body: unknown, accept: string, signal: AbortSignal | undefined) =>
    get(path, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: signal ?? null,
    });

  return {
    http,
    me: async (signal) => (await get('api/v1/me', { signal: signal ?? null })).json(),
    query: async (query, signal) => (await post('api/v1/query', query, 'application/json', signal)).json(),
    sql: async (query, signal) => (await post('api/v1/sql', query, 'application/json', signal)).json(),
    queryAs: async (as, query, signal) => (await post('api/v1/query', query, as, signal)).blob(),
    sqlAs: async (as, query, signal) => (await post('api/v1/sql', query, as, signal)).blob(),
    live: (liveOptions) => live((path, headers, signal) => call(path, { headers, signal }), liveOptions),
  };
}
