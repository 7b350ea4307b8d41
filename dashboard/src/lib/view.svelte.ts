/**
 * The view that the address bar names, as state: components read `view.now` and friends, and change them by `go`.
 * Every change is an entry of the history unless it replaces the one before, so that the back button undoes it.
 */
import { type Filter, type PageName, type View, DEFAULT_VIEW, opposite, parseAddress, withFilter, withoutValue, writeAddress } from './address';
import { clock } from './clock.svelte';
import { type Period, type Range, periodBefore, resolve } from './range';
import { ownZone } from './time_zone';

let current = $state.raw<View>(parseAddress(location.hash));
const zone = $derived(current.zone ?? ownZone());
const period = $derived(resolve(current.range, clock.now, zone));

/** The shown view; all members are reactive. */
export const view = {
  get current(): View {
    return current;
  },
  get page(): PageName {
    return current.page;
  },
  get range(): Range {
    return current.range;
  },
  get filters(): readonly Filter[] {
    return current.filters;
  },
  get project(): string | null {
    return current.project;
  },
  get compare(): boolean {
    return current.compare;
  },
  /** The zone in which days begin and times are shown. */
  get zone(): string {
    return zone;
  },
  /** The instants and buckets that the range means; moves on with the refreshing clock. */
  get period(): Period {
    return period;
  },
  /** The same stretch before, whether or not it is being compared with. */
  get before(): Period {
    return periodBefore(current.range, period);
  },
  /** A parameter of the page's own, `fallback` where the address has none. */
  own(name: string, fallback = ''): string {
    return current.own[name] ?? fallback;
  },
};

export type Change = Partial<Omit<View, 'own'>> & { own?: Record<string, string | null> };

/** Shows the view with these changes. */
export function go(change: Change, how: { replace?: boolean } = {}): void {
  const hash = href(change);
  if (hash === writeAddress(current)) return;
  const moved = 'range' in change || 'page' in change;
  if (how.replace) history.replaceState(null, '', hash);
  else history.pushState(null, '', hash);
  follow(moved);
}

/** The address of the view with these changes, for links. Another page begins without filters and parameters of its own. */
export function href(change: Change): string {
  const elsewhere = change.page !== undefined && change.page !== current.page;
  const own: Record<string, string> = elsewhere ? {} : { ...current.own };
  for (const [name, value] of Object.entries(change.own ?? {})) {
    if (value === null) delete own[name];
    else own[name] = value;
  }
  return writeAddress({ ...current, ...(elsewhere ? { filters: [] } : {}), ...change, own });
}

/** Sets a parameter of the page's own; the default is not written. */
export function setOwn(name: string, value: string, fallback = '', how: { replace?: boolean } = {}): void {
  go({ own: { [name]: value === fallback ? null : value } }, how);
}

export function addFilter(filter: Filter): void {
  go({ filters: withFilter(current.filters, filter) });
}

/** Leaves the rows with this value out. */
export function excludeValue(column: string, value: string | null): void {
  go({ filters: withoutValue(current.filters, column, value) });
}

/** "is" becomes "is not", and back. */
export function turnFilter(index: number): void {
  const turned = opposite(current.filters[index]!);
  if (turned !== null) go({ filters: current.filters.map((filter, at) => (at === index ? turned : filter)) });
}

export function removeFilter(index: number): void {
  go({ filters: current.filters.filter((_, at) => at !== index) });
}

export function clearFilters(): void {
  go({ filters: [] });
}

/** Everything as it is when somebody comes, on the page at hand. */
export function resetView(): void {
  go({ ...DEFAULT_VIEW, page: current.page, own: Object.fromEntries(Object.keys(current.own).map((n) => [n, null])) });
}

function follow(moved: boolean): void {
  current = parseAddress(location.hash);
  if (moved) clock.advance();
}

addEventListener('popstate', () => follow(true));
addEventListener('hashchange', () => follow(true));
