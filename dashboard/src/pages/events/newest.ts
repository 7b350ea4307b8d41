/** The newest events as they are: for the table, and for the properties that events have. */
import type { Query } from '@tidegauge/client';
import { EVENT_COLUMNS } from '../../lib/event_columns';
import { question } from '../../lib/question.svelte';
import { view } from '../../lib/view.svelte';

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
