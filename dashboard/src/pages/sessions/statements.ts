/**
 * The statements about sessions. A session is described by a row of `sessions`, by the events that name it, or by both:
 * events may come before their session, and some clients describe none. It begins when its row says, or else with its
 * first event; of the range are those that begin in it.
 *
 * Values are parameters; what stands in the text are columns' names, quoted.
 */
import type { QueryFilter, Scalar, SqlQuery } from '@tidegauge/client';
import { DESCRIBED } from './session_columns';

export interface Asked {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  project: string | null;
  filters: readonly QueryFilter[];
}

/** Events are looked at this long around the range, so that sessions at its edges are whole. */
const AROUND_MS = 6 * 3_600_000;

/** How often sessions began, in pieces of time, with what is needed for means and shares. */
export function overTimeStatement(asked: Asked, step: string): SqlQuery {
  return statement(
    asked,
    `SELECT date_bin(INTERVAL '${step}', started) AS bin, count(*) AS sessions, sum(events) AS events,
  sum(seconds) AS seconds, count(*) FILTER (WHERE events <= 1) AS bounces`,
    'GROUP BY 1 ORDER BY 1',
    50_000,
  );
}

/** How many sessions there are of each country, browser, system and device together. */
export function groupsStatement(asked: Asked): SqlQuery {
  const columns = 'country, client_browser_name, client_os_name, client_device_type';
  return statement(asked, `SELECT ${columns}, count(*) AS sessions`, `GROUP BY ${columns} ORDER BY sessions DESC`, 50_000);
}

export const ORDERS = {
  newest: { label: 'Newest', by: 'started DESC' },
  longest: { label: 'Longest', by: 'seconds DESC, started DESC' },
  events: { label: 'Most events', by: 'events DESC, started DESC' },
} as const;
export type OrderName = keyof typeof ORDERS;

/** A page of sessions. */
export function listStatement(asked: Asked, order: OrderName, offset: number, rows: number): SqlQuery {
  return statement(
    asked,
    `SELECT project_id, session_id, started, events, seconds, country, user_id, client_id, client_browser_name,
  client_os_name, client_device_type, app_id`,
    `ORDER BY ${ORDERS[order].by}, session_id, project_id OFFSET ${Math.trunc(offset)}`,
    rows,
  );
}

function statement({ from, to, project, filters }: Asked, select: string, end: string, limit: number): SqlQuery {
  const parameters: Scalar[] = [];
  const value = (one: Scalar) => `$${parameters.push(one)}`;
  const instant = (ms: number) => value(new Date(ms).toISOString());
  const of = project === null ? '' : ` AND project_id = ${value(project)}`;
  const around = `event_time >= ${instant(from - AROUND_MS)} AND event_time < ${instant(to + AROUND_MS)}${of}`;
  const own = [`started >= ${instant(from)}`, `started < ${instant(to)}`, ...filters.map((filter) => condition(filter, value))];
  const sql = `WITH happened AS (
  SELECT project_id, session_id, count(*) AS events, min(event_time) AS first_event, max(event_time) AS last_event,
    max(country) AS country, max(user_id) AS user_id, max(client_id) AS client_id
  FROM events WHERE ${around} AND session_id <> '' GROUP BY project_id, session_id
), described AS (
  SELECT project_id, session_id, event_time, country, user_id, client_id, ${DESCRIBED.join(', ')}
  FROM sessions WHERE ${around}
), visits AS (
  SELECT coalesce(d.project_id, h.project_id) AS project_id, coalesce(d.session_id, h.session_id) AS session_id,
    coalesce(d.event_time, h.first_event) AS started, coalesce(h.events, 0) AS events,
    coalesce(date_part('epoch', h.last_event) - date_part('epoch', h.first_event), 0) AS seconds,
    coalesce(d.country, h.country) AS country, coalesce(d.user_id, h.user_id) AS user_id,
    coalesce(d.client_id, h.client_id) AS client_id, ${DESCRIBED.map((column) => `d.${column}`).join(', ')}
  FROM described d FULL JOIN happened h ON d.project_id = h.project_id AND d.session_id = h.session_id
)
${select}
FROM visits WHERE ${own.join(' AND ')}
${end}`;
  return { sql, parameters, limit };
}

/** As the query's own filters are: "is not" holds also where there is no value. */
function condition({ column, op, value: given }: QueryFilter, value: (one: Scalar) => string): string {
  const name = `"${column.replaceAll('"', '""')}"`;
  if (op === 'is_null' || op === 'is_not_null') return `${name} IS ${op === 'is_null' ? '' : 'NOT '}NULL`;
  const list = (Array.isArray(given) ? given : [given ?? '']).map((one) => value(one as Scalar)).join(', ');
  switch (op) {
    case 'eq': return `${name} = ${list}`;
    case 'ne': return `${name} IS DISTINCT FROM ${list}`;
    case 'in': return `${name} IN (${list})`;
    case 'not_in': return `(${name} IS NULL OR ${name} NOT IN (${list}))`;
    case 'lt': return `${name} < ${list}`;
    case 'lte': return `${name} <= ${list}`;
    case 'gt': return `${name} > ${list}`;
    case 'gte': return `${name} >= ${list}`;
    case 'contains': return `strpos(${name}, ${list}) > 0`;
    case 'starts_with': return `starts_with(${name}, ${list})`;
  }
}
