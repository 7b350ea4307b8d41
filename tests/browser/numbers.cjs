// The numbers on the pages are the API's for the same range: every tile, and every list of values.
'use strict';

const { holds, run, signIn } = require('./browser.cjs');
const { BUSY, ask, becomes, dates, exact, range, ranked, rows, total, yesterday } = require('./day.cjs');
const { figure, goTo } = require('./moving.cjs');

/** As many as a list of Events shows, and one of Sessions. */
const [EVENTS_SHOWN, SESSIONS_SHOWN] = [9, 8];

run(async ({ open }) => {
  const page = await open();
  await signIn(page);
  await events(page);
  await traffic(page);
  await sessions(page);
  await connections(page);
}, { expected: BUSY });

const tile = (page, label, wanted) => becomes(`the tile ${label}`, () => figure(page, label), exact(wanted));

async function events(page) {
  await goTo(page, `#/events?${range}`);
  const counted = await total('events', [
    { op: 'count', as: 'Events' },
    { op: 'unique', column: 'client_id', as: 'Clients' },
    { op: 'unique', column: 'user_id', as: 'Users' },
    { op: 'unique', column: 'session_id', as: 'Sessions' },
  ]);
  const errors = await total('events', [{ op: 'count' }], [{ column: 'category', op: 'eq', value: 'error' }]);
  holds(counted.Events > 1_000 && errors.count > 0, 'there is something to compare');
  for (const [label, value] of Object.entries({ ...counted, Errors: errors.count })) await tile(page, label, value);

  for (const [panel, tab, label, column] of [
    ['what', null, 'Event', 'event_name'],
    ['what', 'category', 'Category', 'category'],
    ['what', 'priority', 'Priority', 'priority'],
    ['where', null, 'Page', 'page_url'],
    ['where', 'referrer', 'Referrer', 'referrer'],
    ['who', null, 'Country', 'country'],
    ['who', 'user_id', 'User', 'user_id'],
    ['who', 'client_id', 'Client', 'client_id'],
    ['more', 'project_id', 'Project', 'project_id'],
    ['more', 'environment', 'Environment', 'environment'],
    ['more', 'app_id', 'App', 'app_id'],
  ]) {
    await goTo(page, `#/events?${range}${tab ? `&${panel}=${tab}` : ''}`);
    const unset = column === 'referrer' ? 'Direct or unknown' : '(not set)';
    const { rows: top } = await ask('POST', 'api/v1/query', { table: 'events', ...yesterday, group_by: [column], limit: EVENTS_SHOWN });
    const wanted = top.map((row) => [row[column] ?? unset, row.count]);
    await becomes(`the list ${label}`, () => ranked(page, label), wanted);
  }

  // Browsers and systems are put together from user agents: every event is in one of them.
  for (const [tab, label] of [['browser', 'Browser'], ['system', 'System']]) {
    await goTo(page, `#/events?${range}&who=${tab}`);
    const sum = async () => (await ranked(page, label)).reduce((all, [, value]) => all + value, 0);
    await becomes(`the sum of ${label}`, sum, counted.Events);
  }
}

async function traffic(page) {
  await goTo(page, `#/traffic?${range}`);
  const percentiles = [50, 95, 99].map((p) => ({ op: 'percentile', column: 'latency_total', p, as: `p${p}` }));
  const counted = await total('requests', [{ op: 'count' }, ...percentiles]);
  const report = (await ask('GET', `api/activity/apis/${dates}?p=0`)).data;
  const sum = (of, name) => of.reduce((all, row) => all + row[name], 0);
  const [hits, errors] = [sum(report, 'hits'), sum(report, 'error')];
  holds(hits === counted.count && errors > 0, `the report and the query count the same: ${hits}, ${counted.count}`);
  await tile(page, 'Requests', hits);
  await tile(page, 'Error share', errors / hits);
  for (const p of [50, 95, 99]) await tile(page, `Latency p${p}`, counted[`p${p}`]);

  const codes = new Map();
  for (const { id, hits: of } of (await ask('GET', `api/activity/errors/${dates}?p=0`)).data) codes.set(id.code, (codes.get(id.code) ?? 0) + of);
  const wanted = [...codes].map(([code, of]) => [String(code), of]).sort(([a, x], [b, y]) => y - x || a - b);
  await becomes('the errors by code', () => ranked(page, 'Code'), wanted);
  await table(page, 'APIs', report.map(({ id, hits: of, error }) => [id.api_id, of, error]));
  await goTo(page, `#/traffic?${range}&by=key`);
  await table(page, 'Keys', (await ask('GET', `api/activity/keys/${dates}?p=0`)).data.map(({ id, hits: of, error }) => [id.key, of, error]));
}

/** The table's rows as `[id, hits, errors]`, in whatever order equal ones come. */
async function table(page, label, wanted) {
  const first = wanted.map(JSON.stringify).sort();
  const read = () =>
    page.getByRole('region', { name: label, exact: true }).locator('tbody tr').evaluateAll((all) =>
      all.map((row) => {
        const heads = [...row.closest('table').querySelectorAll('th')].map((head) => head.textContent.replace(/ [↑↓]$/, ''));
        const title = (head) => row.children[heads.indexOf(head)]?.title ?? '';
        const number = (head) => Number(title(head).replaceAll(',', ''));
        return JSON.stringify([title('API ID') || title('Key hash'), number('Hits'), number('Errors')]);
      }).sort(),
    );
  if (wanted.length <= 20) await becomes(`the table of ${label}`, read, first);
  else await becomes(`the table of ${label}`, async () => (await read()).filter((row) => !first.includes(row)), []);
}

async function sessions(page) {
  await goTo(page, `#/sessions?${range}`);
  const { count } = await total('sessions', [{ op: 'count' }]);
  await tile(page, 'Sessions', count);
  const countries = await rows('sessions', { group_by: ['country'] });
  await tile(page, 'Countries', countries.filter(({ country }) => country !== null).length);
  for (const [tab, label, column] of [
    ['', 'Country', 'country'],
    ['', 'Browser', 'client_browser_name'],
    ['&with=client_os_name', 'System', 'client_os_name'],
    ['', 'Device', 'client_device_type'],
  ]) {
    await goTo(page, `#/sessions?${range}${tab}`);
    const wanted = (await rows('sessions', { group_by: [column] }))
      .map((row) => [row[column] ?? '(unknown)', row.count])
      .sort(([a, x], [b, y]) => y - x || String(a).localeCompare(String(b)));
    await becomes(`the sessions by ${label}`, () => ranked(page, label), wanted.slice(0, SESSIONS_SHOWN));
  }
}

async function connections(page) {
  await goTo(page, `#/connections?${range}`);
  const summary = await ask('GET', `api/connection-analytics/summary?timeStart=${yesterday.from}&timeEnd=${yesterday.to}`);
  const sum = (name) => summary.reduce((all, row) => all + row[name], 0);
  const all = sum('totalConnections');
  holds(all > 100, 'there is something to compare');
  await tile(page, 'New', sum('newConnectionsInPeriod'));
  await tile(page, 'Open now', sum('activeConnections'));
  for (const [label, member] of [['Service', 'serviceName'], ['Protocol', 'protocolName'], ['Data center', 'dataCenter']]) {
    const sums = new Map();
    for (const row of summary) sums.set(row[member], (sums.get(row[member]) ?? 0) + row.totalConnections);
    const wanted = [...sums].sort(([a, x], [b, y]) => y - x || a.localeCompare(b));
    await becomes(`the connections by ${label}`, () => ranked(page, label), wanted.slice(0, 12));
  }
  // The summary tells the mean of each row to the millisecond or so.
  const mean = summary.reduce((sums, row) => sums + row.averageConnectionDurationSeconds * row.totalConnections, 0) / all;
  const shown = Number((await figure(page, 'Mean duration')).replaceAll(',', ''));
  holds(Math.abs(shown - mean) < 1, `the mean duration ${shown} is ${mean}`);
}
