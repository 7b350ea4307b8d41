/**
 * The page's questions. Filters by browser and system, which the table does not have, need the user agents that there
 * are: they are asked for first, and only when such a filter is there.
 */
import type { Query } from '@tidegauge/client';
import { queryFilter } from '../../lib/columns';
import { question } from '../../lib/question.svelte';
import { type Resource, queryResource } from '../../lib/resource.svelte';
import type { Answer } from '@tidegauge/client';
import { view } from '../../lib/view.svelte';
import { byUserAgent, isAgentColumn, MAX_AGENTS } from './agents';

export interface Asking {
  /** The query as the server can answer it; null until that is known. */
  plain(query: Query | null): Query | null;
  /** The question about the user agents, which may have failed. */
  agents: Resource<Answer>;
}

/** To be called while the page is set up. */
export function asking(): Asking {
  const needed = $derived(view.filters.some(({ column }) => isAgentColumn(column)));
  const agents = queryResource(() => {
    if (!needed) return null;
    const others = view.filters.filter(({ column }) => !isAgentColumn(column)).map(queryFilter);
    const from = view.compare ? { from: new Date(view.before.from).toISOString() } : {};
    return { ...question('events', { group_by: ['user_agent'], limit: MAX_AGENTS }), ...from, filters: others };
  });
  const known = $derived(agents.data?.rows.map((row) => row['user_agent'] as string | null));
  return {
    plain(query) {
      if (query === null || !needed) return query;
      if (known === undefined) return null;
      const list = known;
      return { ...query, filters: (query.filters ?? []).map((filter) => byUserAgent(filter, list)) };
    },
    agents,
  };
}
