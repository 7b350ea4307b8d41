/** Whether there was ever any event: an empty range of a tenant that works differs from a tenant that has yet to begin. */
import { queryResource } from './resource.svelte';
import { view } from './view.svelte';

/**
 * True when the view has nothing (`nothing`) because there is nothing at all, in the project that is shown. Asked only
 * when it matters. To be called while a component is set up.
 */
export function neverAny(nothing: () => boolean): () => boolean {
  const ever = queryResource(() =>
    nothing() && view.filters.length === 0
      ? {
          table: 'events',
          from: '1970-01-01T00:00:00Z',
          to: new Date(view.period.to).toISOString(),
          ...(view.project === null ? {} : { project: view.project }),
        }
      : null,
  );
  return () => ever.data?.rows[0]?.['count'] === 0;
}
