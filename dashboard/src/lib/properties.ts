/** The properties of an event: JSON text in the table, paths and values where people look. */

export interface Property {
  /** As a query has it behind `properties.`: `cart.total`. */
  path: string;
  value: string | number | boolean | null;
  /** Whether a filter can say that it is this: not of lists, nor of what is null. */
  filterable: boolean;
}

/** Deeper or more than this nobody reads; the rest is shown as JSON, or not at all. */
const MAX_DEPTH = 4;
const MAX_PROPERTIES = 200;

/** What an event's `properties` hold, objects unfolded; none for what is no object. */
export function propertiesOf(text: unknown): Property[] {
  const found: Property[] = [];
  const root = parsed(text);
  if (isObject(root)) unfold(root, '', 1, true, found);
  return found;
}

/** The paths that occur in any of the rows, the most frequent first. */
export function propertyPaths(rows: readonly { properties?: unknown }[]): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const { path, filterable } of propertiesOf(row.properties)) {
      if (filterable) counts.set(path, (counts.get(path) ?? 0) + 1);
    }
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([path]) => path);
}

function unfold(object: Record<string, unknown>, prefix: string, depth: number, filterable: boolean, into: Property[]): void {
  for (const [name, value] of Object.entries(object)) {
    if (into.length >= MAX_PROPERTIES) return;
    const path = prefix + name;
    const plain = filterable && name !== '';
    if (isObject(value) && depth < MAX_DEPTH && Object.keys(value).length > 0) unfold(value, `${path}.`, depth + 1, plain, into);
    else if (value !== null && typeof value === 'object') into.push({ path, value: JSON.stringify(value), filterable: false });
    else into.push({ path, value: value as Property['value'], filterable: plain && value !== null });
  }
}

function parsed(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
