/** A question as a call of the API, to take into a terminal or a program. It never holds the person's own key. */
import type { Query, SqlQuery } from '@tidegauge/client';

export type Asked = { kind: 'query'; body: Query } | { kind: 'sql'; body: SqlQuery };

/** Indented, but what fits into a line stays in one. */
export function jsonOf(asked: Asked): string {
  return pretty(asked.body, '');
}

const LINE = 76;

function pretty(value: unknown, indent: string): string {
  const flat = JSON.stringify(value);
  if (value === null || typeof value !== 'object' || (indent !== '' && indent.length + flat.length <= LINE)) return flat;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((one) => pretty(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${pretty(one, inner)}`);
  return `${isList ? '[' : '{'}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${isList ? ']' : '}'}`;
}

/** For a POSIX shell, which takes the key from `$TIDEGAUGE_KEY`. */
export function curlOf(asked: Asked, address: string): string {
  return [
    `curl ${shellText(`${address}api/v1/${asked.kind}`)}`,
    `  -H "Authorization: Bearer $TIDEGAUGE_KEY"`,
    `  -H 'Content-Type: application/json'`,
    `  -d ${shellText(JSON.stringify(asked.body))}`,
  ].join(' \\\n');
}

/** In single quotes nothing has a meaning but a single quote. */
function shellText(text: string): string {
  return /^[\w:/.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
