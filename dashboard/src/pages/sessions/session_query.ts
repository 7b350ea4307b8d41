/** The questions about one session: what is known of it, and its events. */
import type { Query } from '@tidegauge/client';
import { EVENT_COLUMNS } from '../../lib/event_columns';
import { SESSION_COLUMNS } from './session_columns';

export const MOST_EVENTS = 2_000;
/** A link says about when the session was, so that not all of the past has to be looked through. */
const AROUND_MS = 2 * 86_400_000;

export interface Which {
  id: string;
  /** null: of whichever project. */
  project: string | null;
  /** About when, milliseconds since 1970; null: at any time. */
  at: number | null;
}

export function sessionQueries({ id, project, at }: Which, now: number): { described: Query; events: Query } {
  const common = {
    from: at === null ? '1970-01-01T00:00:00.000Z' : new Date(at - AROUND_MS).toISOString(),
    to: new Date((at ?? now) + AROUND_MS).toISOString(),
    ...(project === null ? {} : { project }),
    filters: [{ column: 'session_id', op: 'eq' as const, value: id }],
  };
  return {
    described: { ...common, table: 'sessions', columns: [...SESSION_COLUMNS], limit: 1 },
    events: { ...common, table: 'events', columns: [...EVENT_COLUMNS], order: [{ by: 'event_time' }], limit: MOST_EVENTS },
  };
}
