import type { Answer, Query } from '@tidegauge/client';
import { expect, test } from 'vitest';
import { curlOf, jsonOf } from './call';
import { ALL, bars, drawable, intervalOf, overTime } from './chart';
import { draftQuery, emptyDraft, fits, metricName, parseDraft, withOp, withTable, writeDraft, type Draft } from './draft';
import { toSql } from './to_sql';

const busy: Draft = {
  table: 'requests',
  columns: null,
  metrics: [{ op: 'count' }, { op: 'percentile', column: 'latency_total', p: 99, as: 'slow' }],
  group_by: ['api_name', 'response_code'],
  interval: 'day',
  order: { by: 'slow', desc: true },
  limit: 50,
};

test('what an address says is what was written to it', () => {
  expect(parseDraft(writeDraft(busy))).toEqual(busy);
  expect(writeDraft(emptyDraft())).toBe('');
  const rows: Draft = { ...emptyDraft('sessions'), columns: ['country'], interval: null };
  expect(parseDraft(writeDraft(rows))).toEqual(rows);
});

test('of an address that was cut or mistyped what makes sense is shown', () => {
  for (const text of ['', '{"table":"requests"', 'null', '[1]', '"x"', '{"table":"nope","metrics":7,"order":3}']) {
    expect(parseDraft(text)).toEqual(emptyDraft());
  }
  const draft = parseDraft('{"table":"events","group_by":["nope","country",3],"metrics":[{"op":"sum","column":"country"},{"op":"mean","column":"properties.amount"}],"limit":1e9,"interval":"year"}');
  expect(draft).toMatchObject({ group_by: ['country'], metrics: [{ op: 'mean', column: 'properties.amount' }], limit: null, interval: null });
});

test('an operation is offered the columns that it can be of', () => {
  expect(fits('requests', 'sum', 'path')).toBe(false);
  expect(fits('events', 'percentile', 'properties.amount')).toBe(true);
  expect(fits('requests', 'max', 'event_time')).toBe(true);
  expect(withOp('requests', { op: 'unique', column: 'path' }, 'percentile')).toEqual({ op: 'percentile', column: 'latency_total', p: 95 });
  expect(withOp('requests', { op: 'mean', column: 'latency_total' }, 'max')).toEqual({ op: 'max', column: 'latency_total' });
});

test('names of the answer are those that the server gives', () => {
  expect([{ op: 'count' }, { op: 'unique', column: 'user_id' }, { op: 'percentile', column: 'x', p: 99.9 }].map((m) => metricName(m as never)))
    .toEqual(['count', 'unique_user_id', 'p99.9_x']);
});

test('another table keeps what it has, and no order by what is gone', () => {
  const moved = withTable({ ...busy, order: { by: 'api_name', desc: false }, group_by: ['api_name', 'country'] }, 'events');
  expect(moved).toMatchObject({ table: 'events', group_by: ['country'], metrics: [{ op: 'count' }], order: null });
});

test('a query has a zone only where days begin in one', () => {
  expect(draftQuery({ ...busy, interval: 'auto' }, 'hour', 'Europe/Berlin')).not.toHaveProperty('time_zone');
  expect(draftQuery(busy, 'hour', 'Europe/Berlin')).toMatchObject({ interval: 'day', time_zone: 'Europe/Berlin' });
});

test('SQL says the same, and no value can be more than a value', () => {
  const query: Query = {
    table: 'requests', from: '2026-11-01T00:00:00.000Z', project: "o'neil", group_by: ['path'], interval: '5m',
    filters: [{ column: 'path', op: 'contains', value: '50%_' }, { column: 'tags', op: 'contains', value: 'a' }, { column: 'country', op: 'not_in', value: ['DE', "'; --"] }],
    metrics: [{ op: 'count', where: [{ column: 'is_error', op: 'eq', value: true }], as: 'Failed ones' }, { op: 'percentile', column: 'latency_total', p: 95 }],
    limit: 10,
  };
  expect(toSql(query)).toBe(`SELECT date_bin(INTERVAL '5 minutes', event_time) AS time,
       path,
       count(*) FILTER (WHERE is_error = true) AS "Failed ones",
       approx_percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_total) AS p95_latency_total
FROM requests
WHERE event_time >= '2026-11-01T00:00:00.000Z'
  AND project_id = 'o''neil'
  AND path LIKE '%50\\%\\_%'
  AND array_has(tags, 'a')
  AND (country NOT IN ('DE', '''; --') OR country IS NULL)
GROUP BY 1, 2
ORDER BY time, path
LIMIT 10`);
  expect(toSql({ table: 'requests', metrics: [{ op: 'mean', column: 'is_error' }] })).toBe(
    'SELECT avg(TRY_CAST(is_error AS INT)) AS mean_is_error\nFROM requests\nORDER BY mean_is_error DESC NULLS LAST',
  );
});

test('the shown JSON is the question, a line where it fits into one', () => {
  const body: Query = { table: 'events', metrics: [{ op: 'count' }], filters: Array.from({ length: 5 }, () => ({ column: 'page_url', op: 'eq', value: '/a "quoted" path' })) };
  const text = jsonOf({ kind: 'query', body });
  expect(JSON.parse(text)).toEqual(body);
  expect(text).toContain('\n  "metrics": [{"op":"count"}],\n');
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThan(100);
});

test('a curl line survives quotes', () => {
  const line = curlOf({ kind: 'sql', body: { sql: "SELECT 'a' || $1" } }, 'https://h/t/');
  expect(line).toContain(`-d '{"sql":"SELECT '\\''a'\\'' || $1"}'`);
  expect(line).toContain('curl https://h/t/api/v1/sql');
});

const answer = (columns: [string, Answer['columns'][number]['type']][], rows: Answer['rows']): Answer => ({
  columns: columns.map(([name, type]) => ({ name, type })), rows, row_count: rows.length, truncated: false, elapsed_ms: 1,
});
const hourly = answer([['time', 'timestamp'], ['name', 'string'], ['n', 'integer'], ['m', 'number']], [
  { time: '2026-01-01T00:00:00.000Z', name: 'a', n: 1, m: 0.5 },
  { time: '2026-01-01T02:00:00.000Z', name: 'b', n: 5, m: null },
]);
const period = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 1, 3), interval: 'hour', zone: 'UTC' } as const;

test('a time, groups and numbers make lines, with zeros between only where they add up', () => {
  const shape = drawable(hourly)!;
  expect(shape).toEqual({ time: 'time', labels: ['name'], numbers: ['n', 'm'] });
  const filled = overTime(hourly, shape as never, 'n', period, true, 'UTC').data;
  expect(filled.series).toEqual([{ name: 'b', values: [0, 0, 5] }, { name: 'a', values: [1, 0, 0] }]);
  const holes = overTime(hourly, shape as never, ALL, null, false, 'UTC');
  expect(holes.data.times).toHaveLength(2);
  expect(holes.data.series).toEqual([{ name: 'n', values: [1, 5] }, { name: 'm', values: [0.5, null] }]);
});

test('labels and numbers make bars; a code that is grouped by is a label', () => {
  const codes = answer([['code', 'integer'], ['n', 'integer']], [{ code: 404, n: 2 }, { code: null, n: 1 }]);
  expect(drawable(codes)).toBeNull();
  expect(bars(codes, drawable(codes, ['code'])!, 'n')).toEqual([{ key: '404', label: '404', value: 2 }, { key: null, label: '(not set)', value: 1 }]);
});

test('buckets are as wide as the instants are apart', () => {
  const hour = 3_600_000;
  expect(intervalOf([0, hour, 3 * hour])).toBe('hour');
  expect(intervalOf([0, 23 * hour])).toBe('day');
  expect(intervalOf([0, 28 * 24 * hour])).toBe('month');
  expect([intervalOf([0, 400]), intervalOf([0])]).toEqual(['second', 'second']);
});
