/** What a tile counts, the graph draws and the lists rank by: one of these at a time. */
import type { Metric, QueryFilter } from '@tidegauge/client';
import type { Period } from '../../lib/range';

export interface Measure {
  label: string;
  metric: Metric;
  /** Whether the numbers of groups add up to the whole: a person who does two things is still one person. */
  adds: boolean;
  less?: 'good';
}

export const MEASURES = {
  events: { label: 'Events', metric: { op: 'count' }, adds: true },
  clients: { label: 'Clients', metric: { op: 'unique', column: 'client_id' }, adds: false },
  users: { label: 'Users', metric: { op: 'unique', column: 'user_id' }, adds: false },
  sessions: { label: 'Sessions', metric: { op: 'unique', column: 'session_id' }, adds: false },
  errors: {
    label: 'Errors',
    metric: { op: 'count', where: [{ column: 'category', op: 'eq', value: 'error' }] },
    adds: true,
    less: 'good',
  },
} as const satisfies Record<string, Measure>;

export type MeasureName = keyof typeof MEASURES;
export const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[];

export function measureNamed(name: string): MeasureName {
  return MEASURE_NAMES.find((known) => known === name) ?? 'events';
}

/** The metric under a name of its own, of the rows for which more holds. */
export function metricOf(name: MeasureName, as: string, where: readonly QueryFilter[] = []): Metric {
  const { metric } = MEASURES[name] as Measure;
  const all = [...(metric.where ?? []), ...where];
  return { ...metric, as, ...(all.length > 0 ? { where: all } : {}) };
}

/** The rows of a period, among those of a longer query: so one query answers for now and before. */
export function within({ from, to }: Period): QueryFilter[] {
  return [
    { column: 'event_time', op: 'gte', value: new Date(from).toISOString() },
    { column: 'event_time', op: 'lt', value: new Date(to).toISOString() },
  ];
}
