/** Queries about what the view shows: its range, project and filters, so that every panel of a page agrees. */
import type { Query, Table } from '@tidegauge/client';
import { queryFilter } from './columns';
import type { Period } from './range';
import { view } from './view.svelte';

export type More = Partial<Omit<Query, 'table' | 'from' | 'to' | 'project'>>;

/** A query over the shown range; `more.filters` are added to the view's. */
export function question(table: Table, more: More = {}, period: Period = view.period): Query {
  const filters = [...view.filters.map(queryFilter), ...(more.filters ?? [])];
  return {
    table,
    from: new Date(period.from).toISOString(),
    to: new Date(period.to).toISOString(),
    ...(view.project === null ? {} : { project: view.project }),
    ...more,
    ...(filters.length > 0 ? { filters } : {}),
  };
}

/** The same over the period before; null unless the view compares. */
export function questionBefore(table: Table, more: More = {}): Query | null {
  return view.compare ? question(table, more, view.before) : null;
}

/** A query by the range's buckets, for a chart. */
export function overTime(table: Table, more: More = {}, period: Period = view.period): Query {
  return question(table, { interval: period.interval, time_zone: period.zone, limit: 100_000, ...more }, period);
}

export function overTimeBefore(table: Table, more: More = {}): Query | null {
  return view.compare ? overTime(table, more, view.before) : null;
}
