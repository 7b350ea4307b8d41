/**
 * The browser and the system that a user agent names. Events hold the whole text alone, so what the page calls `browser`
 * and `system` is made here, and a filter by them is asked as one by the user agents that it means.
 */
import type { QueryFilter, Row, Scalar } from '@tidegauge/client';

export const AGENT_COLUMNS = { browser: browserOf, system: systemOf } as const;
export type AgentColumn = keyof typeof AGENT_COLUMNS;

export function isAgentColumn(column: string): column is AgentColumn {
  return Object.hasOwn(AGENT_COLUMNS, column);
}

/** The most that a filter may list; the rarest user agents beyond it are passed over. */
export const MAX_AGENTS = 1_000;

// In this order: nearly all browsers say that they are Safari, and most that they are Chrome.
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/bot\b|crawl|spider|slurp|headless|lighthouse|preview/i, 'Bots'],
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\bOPR\/|\bOpera/, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bYaBrowser\//, 'Yandex Browser'],
  [/\bUCBrowser\//, 'UC Browser'],
  [/DuckDuckGo\//, 'DuckDuckGo'],
  [/\bFBA[NV]\/|\bInstagram\b/, 'Facebook and Instagram'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\/|Chromium\//, 'Chrome'],
  [/Version\/[\d.]+.*Safari\/|iP(hone|ad|od).*AppleWebKit|Mac OS X.*AppleWebKit/, 'Safari'],
  [/MSIE |Trident\//, 'Internet Explorer'],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Windows Phone/, 'Windows Phone'],
  [/Windows/, 'Windows'],
  [/iP(hone|ad|od)|\biOS\b/, 'iOS'],
  [/Android/, 'Android'],
  [/Mac ?OS|Macintosh|Darwin/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/Tizen|Web0S|webOS|SMART-TV|AppleTV|tvOS/i, 'TV'],
  [/Linux|X11/, 'Linux'],
];

/** "Firefox"; of what is no browser its first product ("curl"); null for no user agent. */
export function browserOf(agent: string | null): string | null {
  if (agent === null || agent.trim() === '') return null;
  for (const [pattern, name] of BROWSERS) if (pattern.test(agent)) return name;
  const product = /^[\w.!#$%&'*+^`|~-]+/.exec(agent.trim())?.[0] ?? '';
  return product === '' || product === 'Mozilla' ? 'Other' : product;
}

export function systemOf(agent: string | null): string | null {
  if (agent === null || agent.trim() === '') return null;
  for (const [pattern, name] of SYSTEMS) if (pattern.test(agent)) return name;
  return 'Other';
}

/** Rows by user agent, their metrics added up by what the user agents name; the most of the first metric first. */
export function byAgent(rows: readonly Row[], column: AgentColumn, metrics: readonly string[]): Row[] {
  const groups = new Map<string | null, Row>();
  for (const row of rows) {
    const name = AGENT_COLUMNS[column](row['user_agent'] as string | null);
    const group = groups.get(name) ?? { [column]: name };
    for (const metric of metrics) group[metric] = Number(group[metric] ?? 0) + Number(row[metric] ?? 0);
    groups.set(name, group);
  }
  const first = metrics[0]!;
  return [...groups.values()].sort(
    (a, b) => Number(b[first]) - Number(a[first]) || String(a[column]).localeCompare(String(b[column])),
  );
}

/** A filter by browser or system as one by the user agents that are known; others stay as they are. */
export function byUserAgent(filter: QueryFilter, agents: readonly (string | null)[]): QueryFilter {
  if (!isAgentColumn(filter.column)) return filter;
  const nameOf = AGENT_COLUMNS[filter.column];
  if (filter.op === 'is_null' || filter.op === 'is_not_null') return { column: 'user_agent', op: filter.op };
  const wanted = (Array.isArray(filter.value) ? filter.value : [filter.value ?? '']) as Scalar[];
  const matches = (name: string) =>
    filter.op === 'contains' ? wanted.some((text) => name.includes(String(text)))
    : filter.op === 'starts_with' ? wanted.some((text) => name.startsWith(String(text)))
    : wanted.includes(name);
  const found = agents.filter((agent): agent is string => agent !== null && matches(nameOf(agent) ?? ''));
  const not = filter.op === 'ne' || filter.op === 'not_in';
  return { column: 'user_agent', op: not ? 'not_in' : 'in', value: found.slice(0, MAX_AGENTS) };
}
