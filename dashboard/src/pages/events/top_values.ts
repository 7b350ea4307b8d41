/** The query of a list of values, and its rows as the list shows them. */
import type { Query, QueryFilter, Row } from '@tidegauge/client';
import { question } from '../../lib/question.svelte';
import { view } from '../../lib/view.svelte';
import { byAgent, isAgentColumn, MAX_AGENTS } from './agents';
import { shortAddresses } from '../../lib/web_address';
import { valueLabel } from './lists';
import { MEASURES, type MeasureName, metricOf, within } from './measures';

export interface TopValue {
  key: string | null;
  label: string;
  value: number;
  before?: number;
}

/** What a list counts: browsers are put together from user agents, which only counts survive. */
export function listMeasure(column: string, chosen: MeasureName): MeasureName {
  return isAgentColumn(column) && !MEASURES[chosen].adds ? 'events' : chosen;
}

/** The most frequent values of a column; with the numbers of the period before when comparing. */
export function topQuery(column: string, chosen: MeasureName, limit: number, more: readonly QueryFilter[] = []): Query {
  const measure = listMeasure(column, chosen);
  const agent = isAgentColumn(column);
  const metrics = view.compare
    ? [metricOf(measure, 'now', within(view.period)), metricOf(measure, 'before', within(view.before))]
    : [metricOf(measure, 'now')];
  // A property is there in some events only: the others say nothing about it.
  const there: QueryFilter[] = column.startsWith('properties.') ? [{ column, op: 'is_not_null' }] : [];
  const query = question('events', {
    group_by: [agent ? 'user_agent' : column],
    metrics,
    limit: agent ? MAX_AGENTS : limit,
    filters: [...there, ...more],
  });
  return view.compare ? { ...query, from: new Date(view.before.from).toISOString() } : query;
}

/** The rows of an answer as values, those that there are none of left out. */
export function topValues(rows: readonly Row[], column: string): TopValue[] {
  const compared = rows.length > 0 && 'before' in rows[0]!;
  const own = isAgentColumn(column) ? byAgent(rows, column, compared ? ['now', 'before'] : ['now']) : rows;
  const there = own.filter((row) => Number(row['now']) > 0);
  const short = shortAddresses(column === 'page_url' ? there.map((row) => row[column] as string | null) : []);
  return there.map((row) => {
    const value = row[column];
    const key = value === null || value === undefined ? null : String(value);
    return {
      key,
      label: short.get(key ?? '') ?? valueLabel(column, key),
      value: Number(row['now']),
      ...(compared ? { before: Number(row['before']) } : {}),
    };
  });
}

/** Those whose value or name has the text in it, in whatever case. */
export function withText(values: readonly TopValue[], text: string): TopValue[] {
  const wanted = text.trim().toLowerCase();
  return values.filter(({ key, label }) => `${key ?? ''}\n${label}`.toLowerCase().includes(wanted));
}
