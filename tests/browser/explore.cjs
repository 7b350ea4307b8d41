// Explore: a question picked together is the one that is shown as a call; SQL beside it, with its mistakes underlined
// where they stand; every format of file; and a link that shows the same to others.
'use strict';

const fs = require('node:fs');
const { accessible, address, holds, inBothThemes, key, run, same, screenshot, signIn, until } = require('./browser.cjs');
const { BUSY, ask, becomes, range, yesterday } = require('./day.cjs');
const { goTo } = require('./moving.cjs');

run(async ({ open }) => {
  const page = await open();
  await signIn(page);
  const link = await built(page);
  await files(page);
  await shared(open, link);
  await statement(page);
  await mistake(page);
}, { expected: [...BUSY, 'status of 400'] });

const own = (page, name) => new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get(name);
const asked = async (page) => JSON.parse(await page.getByRole('region', { name: 'The question as JSON' }).textContent());
/** The answer as the page's table tells it: texts, a row each. */
const shown = (page) => table(page).locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.querySelectorAll('td')].map((cell) => (cell.title || cell.textContent).trim())));
const table = (page) => page.locator('section.panel', { has: page.getByRole('heading', { name: 'Result', exact: true }) }).locator('table');
const result = (page) => page.getByRole('status').filter({ hasText: /rows? · / });

/** Picked: errors' share of requests by API and country. The JSON that is shown says it, and brings the same by hand. */
async function built(page) {
  await goTo(page, `#/explore?${range}`);
  await page.getByRole('combobox', { name: 'Table', exact: true }).selectOption('requests');
  await until('the table', async () => (await asked(page)).table === 'requests');
  await page.getByLabel('Time', { exact: true }).selectOption('');
  for (const group of ['country', 'method']) {
    const at = (await asked(page)).group_by?.length ?? 0;
    await page.getByRole('button', { name: '+ Group' }).click();
    await page.getByLabel(`Group ${at + 1}`, { exact: true }).selectOption(group);
    await until(`the group ${group}`, async () => (await asked(page)).group_by?.[at] === group);
  }
  await page.getByRole('button', { name: '+ Number' }).click();
  await until('a second number', async () => (await asked(page)).metrics?.length === 2);
  await page.getByLabel('Number 2', { exact: true }).selectOption('unique');
  await page.getByLabel('Column of number 2', { exact: true }).selectOption('api_id');
  await page.getByLabel('Name of number 2', { exact: true }).fill('apis');
  await page.getByLabel('At most').fill('7');
  await until('all of it', async () => {
    const { limit, metrics } = await asked(page);
    return limit === 7 && metrics[1].as === 'apis' && metrics[1].column === 'api_id';
  });
  const query = await asked(page);
  same([query.from, query.to, query.group_by.slice(-2)], [yesterday.from, yesterday.to, ['country', 'method']], 'the question');
  await accessible(page);
  const answer = await ask('POST', 'api/v1/query', query);
  holds(answer.rows.length === 7, 'it has rows');
  await result(page).filter({ hasText: /^7 rows/ }).waitFor();
  const asTable = page.getByRole('tab', { name: 'Table', exact: true });
  if (await asTable.count()) await asTable.click();
  const numbers = (rows) => rows.map((row) => row.filter((cell) => /^[\d,]+$/.test(cell)).map((cell) => Number(cell.replaceAll(',', ''))));
  await becomes('the rows', async () => numbers(await shown(page)), answer.rows.map(({ count, apis }) => [count, apis]));
  await inBothThemes(page, async (theme) => {
    await accessible(page);
    await screenshot(page, `explore-built-${theme}`);
  });
  return new URL(page.url()).hash;
}

/** Each format is what the server answers to the same question by that name. */
async function files(page) {
  const body = JSON.stringify(await asked(page));
  for (const [label, type, ending] of [
    ['CSV', 'text/csv', 'csv'],
    ['NDJSON', 'application/x-ndjson', 'ndjson'],
    ['JSON', 'application/json', 'json'],
    ['Parquet', 'application/vnd.apache.parquet', 'parquet'],
    ['Arrow', 'application/vnd.apache.arrow.stream', 'arrow'],
  ]) {
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const choice = page.getByRole('list', { name: 'Formats' }).getByRole('button', { name: new RegExp(`^${label}\\b`) });
    if (label === 'CSV') await inBothThemes(page, () => accessible(page));
    const [download] = await Promise.all([page.waitForEvent('download'), choice.click()]);
    same(download.suggestedFilename(), `tidegauge-requests.${ending}`, 'the name of the file');
    const saved = fs.readFileSync(await download.path());
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', accept: type };
    const answer = await fetch(new URL('api/v1/query', address), { method: 'POST', headers, body });
    same(answer.headers.get('content-type').split(';')[0], type, 'the type');
    const wanted = Buffer.from(await answer.arrayBuffer());
    const timeless = (bytes) => bytes.toString().replace(/"elapsed_ms": ?[\d.]+/, '');
    if (label === 'JSON') same(timeless(saved), timeless(wanted), 'the JSON');
    else holds(saved.equals(wanted), `the ${label} is the API's: ${saved.length} and ${wanted.length} bytes`);
    await page.getByRole('list', { name: 'Formats' }).waitFor({ state: 'detached' });
  }
}

/** A link shows the same question and answer to whoever opens it. */
async function shared(open, link) {
  const fresh = await open({ at: link, expected: BUSY });
  await signIn(fresh);
  await result(fresh).filter({ hasText: /^7 rows/ }).waitFor();
  const query = await asked(fresh);
  same([query.table, query.limit, query.from, query.to], ['requests', 7, yesterday.from, yesterday.to], 'the question of the link');
  await fresh.context().close();
}

/** SQL: what is written is asked as it is, and stands in the address. */
async function statement(page) {
  await page.getByRole('tab', { name: 'SQL', exact: true }).click();
  const area = page.getByLabel('SQL', { exact: true });
  await area.waitFor();
  const sql = `SELECT event_name, count(*) AS n FROM events WHERE event_time >= '${yesterday.from}' AND event_time < '${yesterday.to}' GROUP BY 1 ORDER BY n DESC, 1 LIMIT 5`;
  await area.fill(sql);
  await area.press('Control+Enter');
  const { rows } = await ask('POST', 'api/v1/sql', { sql });
  await result(page).filter({ hasText: /^5 rows/ }).waitFor();
  const asTable = page.getByRole('tab', { name: 'Table', exact: true });
  if (await asTable.count()) await asTable.click();
  const cells = (all) => all.map((row) => row.map((cell) => cell.replaceAll(',', '')).filter((cell) => cell !== ''));
  const found = async () => cells(await shown(page)).map((row) => [row.at(-2), Number(row.at(-1))]);
  await becomes('the rows of SQL', found, rows.map(({ event_name, n }) => [event_name, n]));
  await until('the statement in the address', () => own(page, 'sql') === sql);
  same((await asked(page)).sql, sql, 'the call');
  await inBothThemes(page, () => accessible(page));
}

/** What the server finds wrong is underlined where it stands, and told beside the statement. */
async function mistake(page) {
  const area = page.getByLabel('SQL', { exact: true });
  const sql = 'SELECT event_name,\n  nosuch_column\nFROM events LIMIT 1';
  await area.fill(sql);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await until('the mistake', async () => (await area.getAttribute('aria-invalid')) === 'true');
  const refused = await fetch(new URL('api/v1/sql', address), {
    method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify({ sql }),
  });
  const problem = await refused.json();
  same(refused.status, 400, 'the refusal');
  const told = await page.evaluate(() => document.querySelector('textarea').getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' '));
  holds(told.includes('nosuch_column'), `the reason is told: ${told} ${JSON.stringify(problem)}`);
  if (problem.position) same(await page.locator('.under mark').textContent(), 'nosuch_column', 'what is underlined');
  await inBothThemes(page, () => accessible(page));
  await area.fill('DROP TABLE events');
  await area.press('Control+Enter');
  await until('writing to be refused', async () => (await area.getAttribute('aria-invalid')) === 'true');
}
