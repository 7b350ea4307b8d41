/** A question as a call of the API, to take into a terminal or a program. It never holds the person's own key. */
import type { Query, SqlQuery } from '@tidegauge/client';

export type Asked = { kind: 'query'; body: Query } | { kind: 'sql'; body: SqlQuery };

export function jsonOf(asked: Asked): string {
  return JSON.stringify(asked.body, null, 2);
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
