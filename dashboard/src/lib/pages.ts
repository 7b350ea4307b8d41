/** The pages in the order of the navigation. */
import type { PageName } from './address';

export const PAGE_TITLES: Record<PageName, string> = {
  now: 'Now',
  events: 'Events',
  sessions: 'Sessions',
  connections: 'Connections',
  traffic: 'API traffic',
  explore: 'Explore',
  settings: 'Settings',
};

/** After `G`. */
export const PAGE_KEYS: Record<PageName, string> = {
  now: 'N',
  events: 'E',
  sessions: 'S',
  connections: 'C',
  traffic: 'A',
  explore: 'X',
  settings: ',',
};
