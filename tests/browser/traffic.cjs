// API traffic: its table groups, sorts, filters, pages and exports; a click on a row narrows the page to it.
'use strict';

const fs = require('node:fs');
const { accessible, holds, inBothThemes, run, same, signIn, until } = require('./browser.cjs');
const { BUSY, becomes, exact, range, rows, total } = require('./day.cjs');
const { figure, goTo, settled } = require('./moving.cjs');

const PER_PAGE = 20;
const METRICS = [
  { op: 'count', as: 'hits' },
  { op: 'count', as: 'errors', where: [{ column: 'is_error', op: 'eq', value: true }] },
  ...[50, 95, 99].map((p) => ({ op: 'percentile', column: 'latency_total', p, as: `p${p}` })),
];

run(async ({ open }) => {
  const page = await open();
  await signIn(page);
  await goTo(page, `#/traffic?${range}`);
  await page.getByRole('tab', { name: 'Endpoints' }).click();
  await page.getByRole('region', { name: 'Endpoints' }).waitFor();
  await settled(page);
  const all = await rows('requests', { group_by: ['api_id', 'method', 'path'], metrics: METRICS });
  await sorts(page, all);
  await finds(page, all);
  await exports(page, all);
  await narrows(page);
  await drawn(page);
}, { expected: BUSY });

const own = (page, name) => new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get(name);
const table = (page) => page.getByRole('region', { name: 'Endpoints' });
const names = (some) => some.map(({ method, path }) => `${method} ${path}`);
const first = (page) => table(page).locator('tbody tr td:first-child').evaluateAll((cells) => cells.map((cell) => cell.textContent.trim()));
/** A column as its titles tell it. */
async function column(page, head) {
  const heads = (await table(page).locator('th').allTextContents()).map((text) => text.replace(/ [↑↓]$/, '').trim());
  const cells = table(page).locator(`tbody tr td:nth-child(${heads.indexOf(head) + 1})`);
  return cells.evaluateAll((all) => all.map((cell) => Number(cell.title.replace(/[, ms]/g, ''))));
}

/** Each number sorts, the most first; again turns it round; names sort from A. */
async function sorts(page, all) {
  for (const [head, key] of [['Errors', 'errors'], ['p95', 'p95'], ['Hits', 'hits']]) {
    for (const sign of [-1, 1]) {
      await table(page).getByRole('button', { name: head, exact: false }).first().click();
      const wanted = all.map((row) => row[key]).sort((a, b) => sign * (a - b)).slice(0, PER_PAGE).map((value) => Number(exact(value).replaceAll(',', '')));
      await becomes(`the order by ${head}`, () => column(page, head), wanted);
      const words = await table(page).locator('th', { hasText: head }).getAttribute('aria-sort');
      same(words, sign < 0 ? 'descending' : 'ascending', `what is said of ${head}`);
    }
  }
  await table(page).getByRole('button', { name: 'Endpoint', exact: true }).click();
  const wanted = names(all).sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).slice(0, PER_PAGE);
  await becomes('the order by name', () => first(page), wanted);
}

/** A text leaves the rows that have it; what does not fit on a page is on the next. */
async function finds(page, all) {
  const status = page.locator('section.panel', { has: table(page) }).getByRole('status');
  await becomes('how many there are', async () => (await status.textContent()).trim(), `${exact(all.length)} rows`);
  const pages = page.getByRole('navigation', { name: 'Pages of Endpoints' });
  if (all.length > PER_PAGE) {
    await pages.getByRole('button', { name: 'Next' }).click();
    const wanted = names(all).sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).slice(PER_PAGE, 2 * PER_PAGE);
    await becomes('the second page', () => first(page), wanted);
    same(own(page, 'page'), '2', 'the address');
  } else same(await pages.count(), 0, 'one page');
  const text = all[0].path.split('/').filter(Boolean).at(-1).toUpperCase();
  await page.getByLabel('Filter Endpoints').fill(text);
  await until('the address', () => own(page, 'q') === text && own(page, 'page') === null);
  const found = await first(page);
  holds(found.length > 0 && found.some((name) => name.toUpperCase().includes(text)), `${text} is found in ${found}`);
  await page.getByLabel('Filter Endpoints').fill('no such thing');
  await table(page).getByText('No row matches.').waitFor();
  await accessible(page);
  await page.getByLabel('Filter Endpoints').fill('');
}

/** The export has all rows, not the page of them, with the exact numbers. */
async function exports(page, all) {
  const panel = page.locator('section.panel', { has: table(page) });
  const [download] = await Promise.all([page.waitForEvent('download'), panel.getByRole('button', { name: 'Export CSV' }).click()]);
  same(download.suggestedFilename(), 'api-traffic-endpoint.csv', 'the name of the file');
  const [heads, ...lines] = parse(fs.readFileSync(await download.path(), 'utf8'));
  same(heads.slice(0, 4), ['Endpoint', 'API', 'Hits', 'Errors'], 'the heads');
  const at = (head) => heads.indexOf(head);
  const found = lines.map((line) => JSON.stringify([line[0], ...['Hits', 'Errors', 'p50', 'p95', 'p99'].map((head) => Number(line[at(head)]))]));
  const wanted = all.map((row) => JSON.stringify([`${row.method} ${row.path}`, row.hits, row.errors, row.p50, row.p95, row.p99]));
  same(found.sort(), wanted.sort(), 'the rows of the file');
}

/** CSV (RFC 4180) as rows of texts. */
function parse(text) {
  const lines = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n)/g)) {
    lines.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '\r\n') lines.push([]);
  }
  return lines.slice(0, -1);
}

/** A row narrows the page to its endpoint; a code to its errors; and what is pressed is taken back. */
async function narrows(page) {
  await settled(page);
  const row = table(page).locator('tbody tr').first();
  const [method, path] = (await first(page))[0].split(' ');
  await row.getByRole('button').click();
  const filters = [{ column: 'method', op: 'eq', value: method }, { column: 'path', op: 'eq', value: path }];
  const api = new URLSearchParams(new URL(page.url()).hash.split('?')[1]).getAll('f').find((filter) => filter.startsWith('api_id:eq:')).slice(10);
  filters.push({ column: 'api_id', op: 'eq', value: api });
  const is = await total('requests', METRICS, filters);
  await becomes('the requests of the endpoint', () => figure(page, 'Requests'), exact(is.hits));
  await becomes('its p95', () => figure(page, 'Latency p95'), exact(is.p95));
  await settled(page);
  await inBothThemes(page, () => accessible(page));
  same(await row.getByRole('button').getAttribute('aria-pressed'), 'true', 'the row is chosen');
  await row.getByRole('button').click();
  const { count } = await total('requests', [{ op: 'count' }]);
  await becomes('all requests', () => figure(page, 'Requests'), exact(count));
  const codes = page.getByRole('list', { name: 'Code' });
  const [code] = (await codes.locator('.name').first().textContent()).trim().split(' ');
  await codes.getByRole('button').first().click();
  const of = await total('requests', [{ op: 'count' }], [{ column: 'response_code', op: 'eq', value: Number(code) }]);
  await becomes(`the requests of ${code}`, () => figure(page, 'Requests'), exact(of.count));
  await page.goBack();
}

/** The two graphs tell what the API does: the hits by class add up to all, the errors alone to the errors. */
async function drawn(page) {
  await settled(page);
  const is = await total('requests', METRICS);
  const panel = page.locator('section.panel', { has: page.getByRole('heading', { name: 'Requests over time' }) });
  await panel.getByRole('button', { name: 'Show as table' }).click();
  const sum = () =>
    panel.locator('tbody td').evaluateAll((cells) => cells.reduce((all, cell) => all + Number(cell.title.replaceAll(',', '')), 0));
  await becomes('the hits of all classes', sum, is.hits);
  await panel.getByRole('tab', { name: 'Errors alone' }).click();
  await becomes('the errors of both classes', sum, is.errors);
}
