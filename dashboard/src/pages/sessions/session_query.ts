/** The questions about one session: what is known of it, and its events. */
import type { Query } from '@tidegauge/client';
import { EVENT_COLUMNS } from '../../lib/event_columns';

/** Of the table `sessions`, in the order in which they are shown. */
export const SESSION_COLUMNS = [
  'session_id', 'project_id', 'event_time', 'received_at', 'user_id', 'client_id', 'country', 'ip', 'app_id', 'app_version',
  'environment', 'data_residency', 'space_id', 'installation_id', 'installation_version', 'device_id', 'capture_id',
  'latitude', 'longitude', 'location_accuracy', 'client_created', 'client_ip', 'client_user_agent', 'client_device_type',
  'client_device_vendor', 'client_device_model', 'client_os_name', 'client_os_version', 'client_browser_name',
  'client_browser_version', 'client_browser_engine', 'client_cpu_architecture', 'client_screen_width',
  'client_screen_height',
] as const;

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
