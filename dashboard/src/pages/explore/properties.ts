/** Which paths into `properties` are in use, seen in a sample of the newest events. */
import type { Query, Row } from '@tidegauge/client';
import { clock } from '../../lib/clock.svelte';

const SAMPLE = 200;
const MAX_PATHS = 60;
const MAX_DEPTH = 3;
const DAY = 86_400_000;

/** The same for a whole day, so that it is asked once. */
export function samplesQuery(): Query {
  const tomorrow = (Math.floor(clock.now / DAY) + 1) * DAY;
  return {
    table: 'events',
    from: new Date(tomorrow - 31 * DAY).toISOString(),
    to: new Date(tomorrow).toISOString(),
    columns: ['properties'],
    filters: [{ column: 'properties', op: 'is_not_null' }],
    limit: SAMPLE,
  };
}

/** Dotted paths of values that are no objects, the most frequent first. */
export function propertyPaths(rows: readonly Row[]): string[] {
  const counts = new Map<string, number>();
  const walk = (value: unknown, path: string, depth: number) => {
    if (value !== null && typeof value === 'object' && !Array.isArray(value) && depth < MAX_DEPTH) {
      for (const [name, inner] of Object.entries(value)) walk(inner, path === '' ? name : `${path}.${name}`, depth + 1);
    } else if (path !== '') counts.set(path, (counts.get(path) ?? 0) + 1);
  };
  for (const { properties } of rows) {
    try {
      walk(typeof properties === 'string' ? JSON.parse(properties) : properties, '', 0);
    } catch {
      // What is no JSON has no paths.
    }
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).slice(0, MAX_PATHS).map(([path]) => path);
}
