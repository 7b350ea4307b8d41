import { expect, test } from 'vitest';
import { parseFilter } from '../../lib/address';
import { groupsStatement, openStatement, reasonsStatement, stepSeconds } from './statements';

const period = { from: 0, to: 3_600_000, interval: 'minute', zone: 'UTC' } as const;
const asked = (...filters: string[]) => ({ period, project: 'sh"op', filters: filters.map((text) => parseFilter(text)!) });

test('what people chose is a parameter or a quoted name, never SQL', () => {
  for (const statement of [groupsStatement, reasonsStatement, (one: ReturnType<typeof asked>) => openStatement(one, 60)]) {
    const { sql, parameters } = statement(asked("user_id:eq:x' OR 1=1 --", 'a" OR 1=1 --:is_null', 'service_name:in:a,b'));
    expect(sql).not.toContain("x' OR");
    expect(sql).toContain('"a"" OR 1=1 --" IS NULL');
    expect(sql).toContain('"service_name" IN ($5, $6)');
    expect(parameters).toEqual(['1970-01-01T00:00:00.000Z', '1970-01-01T01:00:00.000Z', 'sh"op', "x' OR 1=1 --", 'a', 'b']);
  }
});

test('numbers and flags are compared as such, and what is not set is not the value', () => {
  const { sql, parameters } = groupsStatement(asked('duration_seconds:gt:60', 'is_open:eq:true', 'close_reason:ne:gone'));
  expect(sql).toContain('("close_reason" <> $6 OR "close_reason" IS NULL)');
  expect(parameters?.slice(3)).toEqual([60, true, 'gone']);
});

test('days are made up of quarters of an hour, because zones begin theirs at any', () => {
  expect(stepSeconds({ ...period, interval: 'day' })).toBe(900);
  expect(stepSeconds({ ...period, interval: '5m' })).toBe(300);
});
