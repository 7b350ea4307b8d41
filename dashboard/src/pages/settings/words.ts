/** What keys, settings and changes are called, and what a change of settings does. */
import { exactNumber } from '../../lib/format';
import type { AuditEntry, Key, Settings } from './admin';

export const SCOPES = [
  { scope: 'ingest', what: 'Send events, sessions, connections and requests' },
  { scope: 'read', what: 'Read reports, queries and this dashboard' },
  { scope: 'admin', what: 'Change settings, keys and projects' },
] as const;
export type Scope = (typeof SCOPES)[number]['scope'];

export type KeyState = 'works' | 'replaced' | 'expired' | 'revoked';

/** `replaced`: rotated, and working until its overlap ends. */
export function keyState({ revoked_at, expires_at, replaced_by }: Key, now: number): KeyState {
  if (revoked_at !== null && Date.parse(revoked_at) <= now) return 'revoked';
  if (expires_at !== null && Date.parse(expires_at) <= now) return 'expired';
  return replaced_by === null ? 'works' : 'replaced';
}

export const STATE_WORDS: Record<KeyState, string> = {
  works: 'Works',
  replaced: 'Being replaced',
  expired: 'Expired',
  revoked: 'Revoked',
};

export const TABLES = [
  { table: 'events', label: 'Events' },
  { table: 'sessions', label: 'Sessions' },
  { table: 'connections', label: 'Connections' },
  { table: 'requests', label: 'API requests' },
] as const;
export type TableName = (typeof TABLES)[number]['table'];
export type Retention = Settings['retention_days'];

/** The tables of which facts go at once when the days change so. */
export function shortened(before: Retention, after: Retention): TableName[] {
  const days = (value: number | null) => value ?? Number.POSITIVE_INFINITY;
  return TABLES.map(({ table }) => table).filter((table) => days(after[table]) < days(before[table]));
}

/** The members of `after` that differ from `before`: what a change has to say. */
export function changed<T extends object>(before: T, after: T): Partial<T> {
  const names = (Object.keys(after) as (keyof T)[]).filter((name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]));
  return Object.fromEntries(names.map((name) => [name, after[name]])) as Partial<T>;
}

type Limits = Settings['limits'];

export const LIMITS: readonly { name: keyof Limits; label: string; unit: string; most: number; least?: number }[] = [
  { name: 'requests_per_second', label: 'HTTP requests', unit: 'a second', most: 10_000_000 },
  { name: 'events_per_second', label: 'Events and other facts', unit: 'a second', most: 100_000_000 },
  { name: 'bytes_per_second', label: 'Bytes sent in', unit: 'a second', most: 1_000_000_000_000 },
  { name: 'open_connections', label: 'WebSockets and live streams', unit: 'at once', most: 10_000_000 },
  { name: 'concurrent_reports', label: 'Reports', unit: 'at once', most: 10_000 },
  { name: 'report_memory_bytes', label: 'Memory of one report', unit: 'bytes', most: 1_099_511_627_776, least: 1_048_576 },
  { name: 'report_seconds', label: 'Time of one report', unit: 'seconds', most: 86_400 },
  { name: 'max_projects', label: 'Projects', unit: 'in all', most: 10_000 },
];

/** A field's text as a whole number within bounds; null is an empty field; an error is a sentence. */
export function wholeNumber(text: string, least: number, most: number): number | null | { error: string } {
  const trimmed = text.trim().replace(/[ ,_](?=\d{3})/g, '');
  if (trimmed === '') return null;
  const value = Number(trimmed);
  if (!/^\d+$/.test(trimmed) || value < least || value > most) {
    return { error: `A whole number from ${exactNumber(least)} to ${exactNumber(most)}, or nothing.` };
  }
  return value;
}

/** Web pages' origins, one a line, as browsers write them; the server has the last word. */
export function originsOf(text: string): { origins: string[] } | { error: string } {
  const lines = text.split(/[\s,]+/).filter((line) => line !== '');
  const origins: string[] = [];
  for (const line of lines) {
    if (line === '*') {
      origins.push(line);
      continue;
    }
    let url: URL;
    try {
      url = new URL(line);
    } catch {
      return { error: `“${line}” is no address like https://app.example.com.` };
    }
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return { error: `“${line}” has to begin with https:// or http://.` };
    if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
      return { error: `“${line}” names a page: only ${url.origin} is wanted.` };
    }
    origins.push(url.origin);
  }
  const all = [...new Set(origins)];
  if (all.includes('*') && all.length > 1) return { error: '“*” means every page: it stands alone.' };
  return all.length > 50 ? { error: 'At most 50 of them.' } : { origins: all };
}

const ACTIONS: Record<string, string> = {
  'tenant.create': 'made the tenant',
  'tenant.set': 'changed settings',
  'project.create': 'made the project',
  'key.create': 'made the key',
  'key.rotate': 'rotated the key',
  'key.revoke': 'revoked the key',
  'person.erase': 'asked to erase a person',
  'person.erase.taken': 'took an erasure',
};

/** "made the project web". */
export function actionWords({ action, target, tenant }: AuditEntry): string {
  const words = ACTIONS[action] ?? action;
  const what = action === 'tenant.create' ? tenant : action === 'tenant.set' ? null : target;
  return what === null ? words : `${words} ${what}`;
}

/** "key key_0123", "token of ann", "ann at the command line". */
export function actorWords(actor: string): string {
  if (actor.startsWith('token:')) return `token of ${actor.slice('token:'.length)}`;
  if (actor.startsWith('command-line:')) return `${actor.slice('command-line:'.length)} at the command line`;
  return actor === 'server' ? 'the server' : actor;
}

/** `{"limits": {"events_per_second": 5}}` as "limits.events_per_second: 5"; in settings null is the server's default. */
export function detailLines({ action, details }: Pick<AuditEntry, 'action' | 'details'>): string[] {
  return lines(details, '', action === 'tenant.set' ? 'the server’s default' : null);
}

function lines(value: unknown, path: string, forNull: string | null): string[] {
  if (value === null) return path === '' || forNull === null ? [] : [`${path}: ${forNull}`];
  if (Array.isArray(value)) return [`${path}: ${value.join(', ') || 'none'}`];
  if (typeof value !== 'object') return [`${path}: ${String(value)}`];
  return Object.entries(value).flatMap(([name, inner]) => lines(inner, path === '' ? name : `${path}.${name}`, forNull));
}

export const LIVES = [
  { seconds: null, label: 'Never' },
  { seconds: 86_400, label: 'In a day' },
  { seconds: 7 * 86_400, label: 'In a week' },
  { seconds: 30 * 86_400, label: 'In 30 days' },
  { seconds: 90 * 86_400, label: 'In 90 days' },
  { seconds: 365 * 86_400, label: 'In a year' },
] as const;

export const OVERLAPS = [
  { seconds: 0, label: 'At once' },
  { seconds: 3_600, label: 'In an hour' },
  { seconds: 86_400, label: 'In a day' },
  { seconds: 7 * 86_400, label: 'In a week' },
  { seconds: 90 * 86_400, label: 'In 90 days' },
] as const;
