import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { columnType, columnsOf, SCHEMA, type ColumnType, type SchemaColumn } from './schema';

// The tables' definitions in the server's source are the truth that a column added there must come here from.
const source = (path: string) => new URL(`../../../crates/${path}`, import.meta.url);
const TYPES: Record<string, ColumnType> = { Flag: 'boolean', Instant: 'timestamp', Int: 'integer', Float: 'number', Labels: 'list' };
const INTERNAL = ['tenant_id', 'id_assigned'];

function facts(table: string): SchemaColumn[] {
  const text = readFileSync(source(`facts/src/${table}.rs`), 'utf8');
  const body = text.slice(text.indexOf('required {'), text.search(/^}/m));
  return [...body.matchAll(/^ {8}(\w+): (\w+)/gm)]
    .map(([, name, type]) => ({ name: name!, type: TYPES[type!] ?? 'string' }))
    .filter(({ name }) => !INTERNAL.includes(name));
}

test.each(['events', 'sessions'] as const)('%s are what the server keeps', (table) => {
  expect(SCHEMA[table]).toEqual(facts(table));
});

test('requests are what the server keeps, and whether they failed', () => {
  expect(SCHEMA.requests).toEqual([...facts('requests'), { name: 'is_error', type: 'boolean' }]);
});

const connections = source('explore/src/views/connections.rs');
test('connections are what the view has', () => {
  const text = readFileSync(connections, 'utf8');
  const fields = [...text.matchAll(/(?:text|Field::new)\("(\w+)", (?:(true|false)|instant\(\)|DataType::(\w+))/g)];
  const types: Record<string, ColumnType> = { Boolean: 'boolean', Float64: 'number', Int64: 'integer' };
  expect(SCHEMA.connections).toEqual(
    fields.map(([, name, text, type]) => ({ name, type: text ? 'string' : type ? types[type] : 'timestamp' })),
  );
});

test('a property is text, and a name that no view has is no column', () => {
  expect(columnType('events', 'properties.plan.name')).toBe('string');
  expect(columnType('events', 'properties.')).toBeNull();
  expect(columnType('requests', 'properties.plan')).toBeNull();
  expect(columnType('requests', 'is_error')).toBe('boolean');
  expect(columnsOf('number').has('duration_seconds')).toBe(true);
});
