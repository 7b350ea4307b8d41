/** A query as SQL that answers the same, to go on from by hand. */
import type { Metric, Query, QueryFilter, Scalar, Table } from '@tidegauge/client';
import { columnType } from '../../lib/schema';

export function toSql(query: Query): string {
  const { table, group_by = [], interval, metrics, columns } = query;
  const column = (name: string) => columnSql(name);
  const groups = [
    ...(interval === undefined ? [] : [`${bucket(interval, query.time_zone)} AS time`]),
    ...group_by.map((name) => (isProperty(name) ? `${column(name)} AS ${identifier(name)}` : column(name))),
  ];
  const picked = columns
    ? columns.map((name) => (isProperty(name) ? `${column(name)} AS ${identifier(name)}` : column(name)))
    : [...groups, ...(metrics ?? [{ op: 'count' as const }]).map((metric) => `${metricSql(metric, table)} AS ${identifier(nameOf(metric))}`)];
  // What is equal is ordered by its groups, so that the answer is the same every time.
  const ties = group_by.map(identifier);
  const where = [
    ...(query.from ? [`event_time >= ${literal(query.from)}`] : []),
    ...(query.to ? [`event_time < ${literal(query.to)}`] : []),
    ...(query.project ? [`project_id = ${literal(query.project)}`] : []),
    ...(query.filters ?? []).map((filter) => filterSql(filter, columnType(table, filter.column) === 'list')),
  ];
  const order = query.order?.length
    ? query.order.map(({ by, desc }) => `${identifier(by)}${desc ? ' DESC' : ''} NULLS LAST`)
    : columns ? ['event_time DESC'] : interval ? ['time', ...ties] : [`${identifier(nameOf(metrics?.[0] ?? { op: 'count' }))} DESC NULLS LAST`, ...ties];
  return [
    `SELECT ${picked.join(',\n       ')}`,
    `FROM ${table}`,
    ...(where.length > 0 ? [`WHERE ${where.join('\n  AND ')}`] : []),
    ...(!columns && groups.length > 0 ? [`GROUP BY ${groups.map((_, at) => at + 1).join(', ')}`] : []),
    ...(order.length > 0 ? [`ORDER BY ${order.join(', ')}`] : []),
    ...(query.limit ? [`LIMIT ${query.limit}`] : []),
  ].join('\n');
}

/** A name as SQL takes it; anything but small letters, digits and `_` has to be quoted. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !WORDS.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Names of ours that are words of the language. */
const WORDS = new Set(['public', 'time', 'order', 'group', 'user', 'select', 'from', 'where', 'limit', 'count', 'interval']);

const isProperty = (name: string) => name.startsWith('properties.');

function columnSql(name: string): string {
  return isProperty(name) ? `property(properties, ${literal(name.slice('properties.'.length))})` : identifier(name);
}

function literal(value: Scalar | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}

const STEPS: Record<string, string> = { '5m': '5 minutes', '15m': '15 minutes', '6h': '6 hours' };

function bucket(interval: string, zone = 'UTC'): string {
  const step = STEPS[interval];
  if (step !== undefined) return `date_bin(INTERVAL '${step}', event_time)`;
  const time = zone === 'UTC' ? 'event_time' : `event_time AT TIME ZONE ${literal(zone)}`;
  return `date_trunc('${interval}', ${time})`;
}

function nameOf({ op, column, p, as }: Metric): string {
  if (as) return as;
  const told = op === 'percentile' ? `p${p}` : op;
  return column === undefined ? told : `${told}_${column}`;
}

function metricSql({ op, column, p, where }: Metric, table: Table): string {
  const numeric = column !== undefined && isProperty(column) && op !== 'count' && op !== 'unique';
  // Of what is true or false, the true ones are added up.
  const isFlag = column !== undefined && columnType(table, column) === 'boolean' && (op === 'sum' || op === 'mean');
  const type = numeric ? 'DOUBLE' : isFlag ? 'INT' : null;
  const own = column === undefined ? '*' : type === null ? columnSql(column) : `TRY_CAST(${columnSql(column)} AS ${type})`;
  const filter = where?.length ? ` FILTER (WHERE ${where.map((one) => filterSql(one, false)).join(' AND ')})` : '';
  if (op === 'unique') return `count(DISTINCT ${own})${filter}`;
  if (op === 'percentile') return `approx_percentile_cont(${Number(((p ?? 95) / 100).toPrecision(12))}) WITHIN GROUP (ORDER BY ${own})${filter}`;
  return `${op === 'mean' ? 'avg' : op}(${own})${filter}`;
}

const COMPARED: Partial<Record<QueryFilter['op'], string>> = { eq: '=', lt: '<', lte: '<=', gt: '>', gte: '>=' };

function filterSql({ column, op, value }: QueryFilter, isList: boolean): string {
  const own = columnSql(column);
  const one = Array.isArray(value) ? value[0] : value;
  const list = () => (Array.isArray(value) ? value : [value]).map((each) => literal(each ?? null)).join(', ');
  const like = (before: string) => `${own} LIKE ${literal(`${before}${String(one ?? '').replace(/[\\%_]/g, '\\$&')}%`)}`;
  switch (op) {
    case 'is_null':
      return `${own} IS NULL`;
    case 'is_not_null':
      return `${own} IS NOT NULL`;
    case 'contains':
      return isList ? `array_has(${own}, ${literal(one)})` : like('%');
    case 'starts_with':
      return like('');
    case 'in':
      return `${own} IN (${list()})`;
    // What is not set is none of them, too.
    case 'not_in':
      return `(${own} NOT IN (${list()}) OR ${own} IS NULL)`;
    case 'ne':
      return `${own} IS DISTINCT FROM ${literal(one)}`;
    default:
      return `${own} ${COMPARED[op]} ${literal(one)}`;
  }
}
