/** The newest events as they are: for the table, and for the properties that events have. */
import type { Query } from '@tidegauge/client';
import { question } from '../../lib/question.svelte';
import { view } from '../../lib/view.svelte';

/** All columns of the table, in the order in which an opened event shows them. */
export const EVENT_COLUMNS = [
  'event_name', 'category', 'priority', 'event_time', 'received_at', 'event_id', 'project_id', 'session_id', 'user_id',
  'client_id', 'page_url', 'referrer', 'country', 'ip', 'user_agent', 'app_id', 'environment', 'data_residency', 'space_id',
  'device_id', 'installation_id', 'capture_id', 'product_id', 'category_id', 'interaction', 'stateful', 'public',
  'int1', 'int2', 'int3', 'int4', 'int5', 'str1', 'str2', 'str3', 'str4', 'str5', 'properties',
] as const;

const STEPS = [100, 500, 2_000];

/** How many events the table holds. */
export function rowsHeld(): number {
  return STEPS.find((step) => String(step) === view.own('rows')) ?? STEPS[0]!;
}

/** The next larger table; null when this is the largest. */
export function moreRows(): number | null {
  return STEPS[STEPS.indexOf(rowsHeld()) + 1] ?? null;
}

export function newestQuery(): Query {
  return question('events', { columns: [...EVENT_COLUMNS], limit: rowsHeld() });
}
