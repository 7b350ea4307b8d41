/** The lists of the page: four panels, each a few columns of which one is shown. */
import { flag } from '../../lib/flag';
import { country } from '../../lib/format';

export interface List {
  /** The column, or `properties` for the property that is chosen. */
  key: string;
  label: string;
  /** For the heading of the list: one of them. */
  one: string;
}

export interface ListPanel {
  /** The parameter that holds the shown list. */
  name: string;
  title: string;
  lists: readonly List[];
}

export const PANELS: readonly ListPanel[] = [
  {
    name: 'what',
    title: 'Events',
    lists: [
      { key: 'event_name', label: 'Names', one: 'Event' },
      { key: 'category', label: 'Categories', one: 'Category' },
      { key: 'priority', label: 'Priorities', one: 'Priority' },
    ],
  },
  {
    name: 'where',
    title: 'Pages',
    lists: [
      { key: 'page_url', label: 'Pages', one: 'Page' },
      { key: 'referrer', label: 'Referrers', one: 'Referrer' },
    ],
  },
  {
    name: 'who',
    title: 'Visitors',
    lists: [
      { key: 'country', label: 'Countries', one: 'Country' },
      { key: 'browser', label: 'Browsers', one: 'Browser' },
      { key: 'system', label: 'Systems', one: 'System' },
      { key: 'user_id', label: 'Users', one: 'User' },
      { key: 'client_id', label: 'Clients', one: 'Client' },
    ],
  },
  {
    name: 'more',
    title: 'Details',
    lists: [
      { key: 'properties', label: 'Properties', one: 'Property' },
      { key: 'project_id', label: 'Projects', one: 'Project' },
      { key: 'environment', label: 'Environments', one: 'Environment' },
      { key: 'app_id', label: 'Apps', one: 'App' },
    ],
  },
];

/** As many as a panel shows; the dialog shows up to `MOST`. */
export const SHOWN = 9;
export const MOST = 5_000;

/** How a value reads. */
export function valueLabel(column: string, value: string | null): string {
  if (value === null) return column === 'referrer' ? 'Direct or unknown' : '(not set)';
  if (value === '') return '(empty)';
  if (column === 'country') return flag(value) + country(value);
  return value;
}
