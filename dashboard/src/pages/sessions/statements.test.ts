import { expect, test } from 'vitest';
import { groupsStatement, listStatement, overTimeStatement } from './statements';

const day = { from: Date.UTC(2026, 10, 20), to: Date.UTC(2026, 10, 21), project: null, filters: [] };

test('values are parameters, each used where it stands', () => {
  const filters = [
    { column: 'country', op: 'eq', value: "D'E" },
    { column: 'client_os_name', op: 'not_in', value: ['iOS', 'Android'] },
    { column: 'user_id', op: 'is_null' },
  ] as const;
  const { sql, parameters } = groupsStatement({ ...day, project: 'shop', filters: filters.map((one) => ({ ...one }) as never) });
  expect(parameters).toEqual([
    'shop', '2026-11-19T18:00:00.000Z', '2026-11-21T06:00:00.000Z', '2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z',
    "D'E", 'iOS', 'Android',
  ]);
  expect(sql).toContain('"country" = $6');
  expect(sql).toContain('("client_os_name" IS NULL OR "client_os_name" NOT IN ($7, $8))');
  expect(sql).toContain('"user_id" IS NULL');
  expect(sql).not.toContain("D'E");
  expect(sql.match(/project_id = \$1\b/g)).toHaveLength(2);
});

test('a column of an address cannot leave its quotes', () => {
  const { sql } = groupsStatement({ ...day, filters: [{ column: 'a" OR "b', op: 'eq', value: 'x' }] });
  expect(sql).toContain('"a"" OR ""b" = $5');
});

test('a list is a page in an order that is always the same', () => {
  const { sql, limit } = listStatement(day, 'longest', 50, 26);
  expect(sql).toMatch(/ORDER BY seconds DESC, started DESC, session_id, project_id OFFSET 50$/);
  expect(limit).toBe(26);
});

test('time is cut as it was asked for', () => {
  expect(overTimeStatement(day, '15 minutes').sql).toContain("date_bin(INTERVAL '15 minutes', started)");
});
