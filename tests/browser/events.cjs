// Events: tiles choose the graph, a value narrows the page and is taken back, an event tells all of itself, periods are
// compared, and the graph is also a table and a way to another range.
'use strict';

const { accessible, holds, inBothThemes, run, same, signIn, until } = require('./browser.cjs');
const { BUSY, ask, becomes, exact, range, ranked, rows, total, yesterday } = require('./day.cjs');
const { figure, goTo, settled } = require('./moving.cjs');

const COUNT = [{ op: 'count' }];
const HOUR_MS = 3_600_000;

run(async ({ open }) => {
  const page = await open();
  await signIn(page);
  await goTo(page, `#/events?${range}`);
  await tiles(page);
  await filters(page);
  await newest(page);
  await allValues(page);
  await twin(page);
  await compared(page);
  await zoom(page);
}, { expected: BUSY });

const query = (page) => new URLSearchParams(new URL(page.url()).hash.split('?')[1]);
const counts = async (page, what, filters) =>
  becomes(`the events ${what}`, () => figure(page, 'Events'), exact((await total('events', COUNT, filters)).count));

/** Each tile is a button: the graph below is of what the pressed one counts. */
async function tiles(page) {
  for (const [label, show] of [['Clients', 'clients'], ['Users', 'users'], ['Sessions', 'sessions'], ['Errors', 'errors'], ['Events', null]]) {
    const tile = page.locator('button.tile', { has: page.getByText(label, { exact: true }) });
    await tile.click();
    await page.getByRole('heading', { name: `${label} over time` }).waitFor();
    same([query(page).get('show'), await tile.getAttribute('aria-pressed')], [show, 'true'], `the tile ${label}`);
    same(await page.locator('.tile[aria-pressed=true]').count(), 1, 'one is pressed');
  }
}

/** A click narrows the page to a value and says so in a chip; with Shift the value is left out; a chip turns round. */
async function filters(page) {
  const chips = page.getByRole('list', { name: 'Filters' });
  const [[name]] = await ranked(page, 'Event');
  const [[country]] = await ranked(page, 'Country');
  const value = (list, key) => page.getByRole('list', { name: list, exact: true }).getByRole('button').filter({ has: page.locator(`.name[title^="${key}"]`) }).first();
  const isName = { column: 'event_name', op: 'eq', value: name };

  await value('Event', name).click();
  same(query(page).getAll('f'), [`event_name:eq:${name}`], 'the address');
  await counts(page, `named ${name}`, [isName]);
  const of = await rows('events', { group_by: ['country'], filters: [isName] });
  await becomes('the countries of these', () => ranked(page, 'Country'), of.slice(0, 9).map((row) => [row.country ?? '(not set)', row.count]));
  same(await value('Event', name).getAttribute('aria-pressed'), 'true', 'the value is pressed');

  await value('Country', country).click({ modifiers: ['Shift'] });
  same(query(page).getAll('f')[1], `country:ne:${country}`, 'left out');
  await counts(page, `named ${name}, not of ${country}`, [isName, { column: 'country', op: 'ne', value: country }]);
  same(await chips.getByRole('listitem').count(), 3, 'two chips, and one that clears');
  await inBothThemes(page, () => accessible(page));

  await chips.getByRole('button').nth(2).click();
  await counts(page, `named ${name}, of ${country}`, [isName, { column: 'country', op: 'eq', value: country }]);
  await chips.getByRole('button', { name: /^Remove the filter/ }).first().click();
  await counts(page, `of ${country}`, [{ column: 'country', op: 'eq', value: country }]);
  await value('Country', country).click();
  await counts(page, 'all again', []);
  same(await chips.count(), 0, 'no chip is left');
}

/** The newest event unfolds to all that it says, and what it says narrows the page. */
async function newest(page) {
  await settled(page);
  const { rows: [event] } = await ask('POST', 'api/v1/query', { table: 'events', ...yesterday, columns: ['event_id', 'event_name', 'client_id'], limit: 1 });
  const table = page.getByRole('region', { name: 'Events, the newest first' });
  const first = table.locator('tbody tr').first();
  same((await first.locator('td').nth(1).textContent()).trim(), event.event_name, 'the newest event');
  await first.getByRole('button').click();
  const details = table.locator('tr.details');
  await details.getByText(event.event_id, { exact: true }).first().waitFor();
  await inBothThemes(page, () => accessible(page));
  await details.getByRole('button', { name: new RegExp(`^Filter by .*: ${event.client_id}$`) }).click();
  await counts(page, 'of its client', [{ column: 'client_id', op: 'eq', value: event.client_id }]);
  await goTo(page, `#/events?${range}`);
}

/** "Show all" opens every value in a dialog, which Escape closes. */
async function allValues(page) {
  const panel = page.locator('section.panel', { has: page.getByRole('heading', { name: 'Pages', exact: true }) });
  await panel.getByRole('button', { name: 'Show all' }).click();
  const dialog = page.getByRole('dialog', { name: 'Pages' });
  const different = (await total('events', [{ op: 'unique', column: 'page_url', as: 'n' }])).n;
  const { count: without } = await total('events', COUNT, [{ column: 'page_url', op: 'is_null' }]);
  await dialog.getByText(`${exact(different + (without > 0 ? 1 : 0))} rows`).waitFor();
  await inBothThemes(page, () => accessible(page));
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
}

/** The graph's panel, and its numbers as its table tells them, a column each. */
const graph = (page) => page.locator('section.panel', { has: page.getByRole('heading', { name: /over time$/ }) });
async function columns(page) {
  const lines = await graph(page).locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.title || cell.textContent)));
  return (lines[0] ?? []).map((_, at) => lines.map((line) => Number(line[at].replaceAll(',', ''))));
}

/** "Show as table" tells the numbers of the graph: those of the API, and zero where it has none. */
async function twin(page) {
  await graph(page).getByRole('button', { name: 'Show as table' }).click();
  const points = await graph(page).locator('tbody tr').count();
  const minutes = (24 * 60) / points;
  const interval = { 5: '5m', 15: '15m', 60: 'hour', 360: '6h' }[minutes];
  holds(interval, `${points} points make a day of whole intervals`);
  const wanted = Array(points).fill(0);
  for (const { time, count } of await rows('events', { interval })) wanted[(Date.parse(time) - Date.parse(yesterday.from)) / minutes / 60_000] = count;
  await becomes('the table beside the graph', async () => (await columns(page))[0], wanted);
  await accessible(page);
}

/** Compared, every number has the one before beside it. */
async function compared(page) {
  const [from, before] = [18, 12].map((hour) => new Date(Date.parse(yesterday.from) + hour * HOUR_MS).toISOString());
  await goTo(page, `#/events?from=${from}&to=${yesterday.to}&compare=1`);
  const of = async (from, to) => (await ask('POST', 'api/v1/query', { table: 'events', from, to })).rows[0].count;
  const [now, then] = [await of(from, yesterday.to), await of(before, from)];
  await becomes('the events of six hours', () => figure(page, 'Events'), exact(now));
  const twin = graph(page).getByRole('button', { name: 'Show as table' });
  if (await twin.count()) await twin.click();
  const sums = async () => (await columns(page)).map((column) => column.some(Number.isNaN) ? null : column.reduce((sum, one) => sum + one, 0));
  await until('both periods in the table', async () => (await sums()).length === 2);
  same((await sums())[0], now, 'the graph of this period');
  const share = Math.abs((now - then) / then);
  const words = `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;
  const tile = page.locator('.tile', { has: page.getByText('Events', { exact: true }) });
  holds((await tile.textContent()).includes(words), `the change is ${words}: ${await tile.textContent()}`);
  await accessible(page);
}

/** Dragging over the graph shows what was dragged over. */
async function zoom(page) {
  await goTo(page, `#/events?${range}`);
  const chart = graph(page).getByRole('button', { name: 'Show as chart' });
  if (await chart.count()) await chart.click();
  const over = graph(page).locator('.u-over');
  await over.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await over.boundingBox();
  await page.mouse.move(x + width / 4, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 2, y + height / 2, { steps: 8 });
  await page.mouse.up();
  await until('another range', () => query(page).get('from') !== yesterday.from);
  const [from, to] = [query(page).get('from'), query(page).get('to')];
  const quarter = (at) => Math.round((Date.parse(at) - Date.parse(yesterday.from)) / HOUR_MS);
  same([quarter(from), quarter(to)], [6, 12], 'a quarter of the day, in hours');
  const { rows: [{ count }] } = await ask('POST', 'api/v1/query', { table: 'events', from, to });
  await becomes('the events of it', () => figure(page, 'Events'), exact(count));
  await page.goBack();
  await counts(page, 'of the whole day again', []);
}
