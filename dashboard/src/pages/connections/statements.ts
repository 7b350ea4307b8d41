/**
 * What the page asks about connections, as SQL: a connection belongs to a range when it was open at some moment of it,
 * as in `/api/connection-analytics/summary`, and not only when it was opened in it, as a query would have it.
 */
import type { Scalar, SqlQuery } from '@tidegauge/client';
import type { Filter } from '../../lib/address';
import { queryFilter } from '../../lib/columns';
import type { Period } from '../../lib/range';

/** Which connections a statement is about. */
export interface Asked {
  period: Period;
  project: string | null;
  filters: readonly Filter[];
}

/** By service, protocol and data center: how many there were, were opened, are open, and their lives added up. */
export function groupsStatement(asked: Asked): SqlQuery {
  const { where, parameters } = openWithin(asked);
  return {
    sql: `SELECT service_name, protocol_name, data_center, count(*) AS total,
  count(*) FILTER (WHERE opened_at >= $1) AS opened, count(*) FILTER (WHERE is_open) AS open,
  sum(duration_seconds) AS seconds
FROM connections WHERE ${where} GROUP BY 1, 2, 3`,
    parameters,
    limit: 100_000,
  };
}

/**
 * Every `seconds`, where anything changed: the most that were open at one instant, how many were at the end, and how
 * many were opened. Of those of one instant the openings count first, as in the history of projects.
 */
export function openStatement(asked: Asked, seconds: number): SqlQuery {
  const { where, parameters } = openWithin(asked);
  return {
    sql: `WITH lives AS (SELECT opened_at, closed_at FROM connections WHERE ${where}),
changes AS (
  SELECT greatest(opened_at, arrow_cast($1, 'Timestamp(Microsecond, Some("UTC"))')) AS moment, 1 AS step,
    CASE WHEN opened_at >= $1 THEN 1 ELSE 0 END AS opened FROM lives
  UNION ALL SELECT closed_at, -1, 0 FROM lives WHERE closed_at <= $2),
summed AS (SELECT moment, step, sum(step) AS change, sum(opened) AS opened FROM changes GROUP BY moment, step),
counted AS (
  SELECT moment, step, opened, sum(change) OVER (ORDER BY moment, step DESC ROWS UNBOUNDED PRECEDING) AS open FROM summed)
SELECT date_bin(INTERVAL '${Math.trunc(seconds)} seconds', moment) AS time, max(open) AS peak,
  last_value(open ORDER BY moment, step DESC) AS last, sum(opened) AS opened
FROM counted GROUP BY 1 ORDER BY 1`,
    parameters,
    limit: 100_000,
  };
}

/** Why those ended that ended within the range. */
export function reasonsStatement({ period, project, filters }: Asked): SqlQuery {
  const parameters: Scalar[] = instants(period);
  const where = ['event_time <= $2', 'closed_at >= $1', 'closed_at <= $2', ...narrowing(project, filters, parameters)];
  return {
    sql: `SELECT close_reason, count(*) AS count FROM connections WHERE ${where.join(' AND ')}
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20`,
    parameters,
  };
}

/** How far apart `openStatement` looks, so that its answers make up whole buckets: days begin at any quarter of an hour. */
export function stepSeconds({ interval }: Period): number {
  const fixed = { second: 1, minute: 60, '5m': 300, '15m': 900, hour: 3_600, '6h': 21_600 } as const;
  return interval in fixed ? fixed[interval as keyof typeof fixed] : 900;
}

function openWithin({ period, project, filters }: Asked): { where: string; parameters: Scalar[] } {
  const parameters: Scalar[] = instants(period);
  const where = ['event_time <= $2', '(closed_at IS NULL OR closed_at >= $1)', ...narrowing(project, filters, parameters)];
  return { where: where.join(' AND '), parameters };
}

function instants({ from, to }: Period): Scalar[] {
  return [new Date(from).toISOString(), new Date(to).toISOString()];
}

/** The conditions of project and filters; what they compare with is added to the parameters and never stands in the SQL. */
function narrowing(project: string | null, filters: readonly Filter[], parameters: Scalar[]): string[] {
  const put = (value: Scalar) => `$${parameters.push(value)}`;
  const own = project === null ? [] : [`project_id = ${put(project)}`];
  return [...own, ...filters.map((filter) => condition(filter, put))];
}

function condition(filter: Filter, put: (value: Scalar) => string): string {
  const column = `"${filter.column.replaceAll('"', '""')}"`;
  const { value } = queryFilter(filter);
  const one = () => put((Array.isArray(value) ? value[0] : value) ?? null);
  const list = () => (Array.isArray(value) ? value : [value ?? null]).map(put).join(', ');
  switch (filter.op) {
    case 'eq':
      return `${column} = ${one()}`;
    case 'ne':
      return `(${column} <> ${one()} OR ${column} IS NULL)`;
    case 'in':
      return `${column} IN (${list()})`;
    case 'not_in':
      return `(${column} NOT IN (${list()}) OR ${column} IS NULL)`;
    case 'lt':
      return `${column} < ${one()}`;
    case 'lte':
      return `${column} <= ${one()}`;
    case 'gt':
      return `${column} > ${one()}`;
    case 'gte':
      return `${column} >= ${one()}`;
    case 'contains':
      return `strpos(${column}, ${one()}) > 0`;
    case 'starts_with':
      return `starts_with(${column}, ${one()})`;
    case 'is_null':
      return `${column} IS NULL`;
    case 'is_not_null':
      return `${column} IS NOT NULL`;
  }
}
