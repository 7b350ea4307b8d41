// Sessions: the list in its orders and pages, narrowed by any value; and one session's steps in the order of time, which
// the keyboard walks through.
'use strict';

const { accessible, holds, inBothThemes, run, same, signIn, until } = require('./browser.cjs');
const { BUSY, ask, becomes, exact, range, total, yesterday } = require('./day.cjs');
const { figure, focused, goTo, settled } = require('./moving.cjs');

const PER_PAGE = 25;

run(async ({ open }) => {
  const page = await open();
  await signIn(page);
  await goTo(page, `#/sessions?${range}`);
  const { count } = await total('sessions', [{ op: 'count' }]);
  await list(page, count);
  await narrowed(page);
  await timeline(page);
}, { expected: BUSY });

const own = (page, name) => new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get(name);
const body = (page) => page.getByRole('region', { name: 'Sessions, a page of them' }).locator('tbody tr');
/** Of each session on the page: its id, and a number out of one of its cells. */
const shown = (page, cell) =>
  body(page).evaluateAll((all, cell) => all.map((row) => [
    new URLSearchParams(row.querySelector('a').getAttribute('href').split('?')[1]).get('session'),
    Number(row.children[cell].title.replaceAll(',', '').replace(' seconds', '')),
  ]), cell);

async function list(page, count) {
  const pages = page.getByRole('navigation', { name: 'Pages of sessions' });
  await pages.getByText(`Page 1 of ${exact(Math.ceil(count / PER_PAGE))}`).waitFor();
  const newest = (offset) => ask('POST', 'api/v1/sql', {
    sql: `SELECT session_id FROM sessions WHERE event_time >= $1 AND event_time < $2 ORDER BY event_time DESC, session_id LIMIT ${PER_PAGE} OFFSET ${offset}`,
    parameters: [yesterday.from, yesterday.to],
  }).then((answer) => answer.rows.map(({ session_id }) => session_id));
  const ids = async () => (await shown(page, 5)).map(([id]) => id);
  await becomes('the newest sessions', ids, await newest(0));
  await pages.getByRole('button', { name: 'Next' }).click();
  await becomes('the second page', ids, await newest(PER_PAGE));
  same(own(page, 'page'), '2', 'the address');

  for (const [order, cell] of [['events', 6], ['longest', 5]]) {
    await page.getByLabel('Order').selectOption(order);
    await until(`the order ${order}`, () => own(page, 'order') === order && own(page, 'page') === null);
    await settled(page);
    const numbers = async () => (await shown(page, cell)).map(([, number]) => number);
    await until(`the order ${order}`, async () => {
      const found = await numbers();
      return found.length === PER_PAGE && found.every((one, at) => at === 0 || found[at - 1] >= one);
    });
  }
  await page.getByLabel('Order').selectOption('newest');
}

/** A value in a row narrows the page to it. */
async function narrowed(page) {
  await settled(page);
  await body(page).first().locator('td').nth(2).getByRole('button').click();
  const [column, , value] = (own(page, 'f') ?? '').split(':');
  same(column, 'country', 'the column');
  const { count } = await total('sessions', [{ op: 'count' }], [{ column, op: 'eq', value }]);
  await becomes(`the sessions of ${value}`, () => figure(page, 'Sessions'), exact(count));
  await goTo(page, `#/sessions?${range}`);
}

/** One session: its events in the order of time, each of which opens; by keyboard, and back to the list. */
async function timeline(page) {
  await page.getByLabel('Order').selectOption('events');
  await until('the order', () => own(page, 'order') === 'events');
  await settled(page);
  const link = body(page).first().getByRole('link');
  await link.focus();
  await page.keyboard.press('Enter');
  await until('the session', () => own(page, 'session') !== null);
  await settled(page);
  const id = own(page, 'session');
  const events = (await ask('POST', 'api/v1/query', {
    table: 'events', from: new Date(Date.parse(yesterday.from) - 86_400_000).toISOString(),
    filters: [{ column: 'session_id', op: 'eq', value: id }], columns: ['event_id', 'event_time', 'event_name'], order: [{ by: 'event_time' }],
  })).rows;
  holds(events.length > 3, 'it has events');
  const steps = page.getByRole('list', { name: 'Steps of the session' }).locator('button.step');
  const names = () => steps.locator('.name').allTextContents();
  // Of one instant either may come first.
  const sorted = (all) => (new Set(events.map(({ event_time }) => event_time)).size === events.length ? all : [...all].sort());
  await becomes('the steps', async () => sorted(await names()), sorted(events.map(({ event_name }) => event_name)));
  const offsets = await steps.locator('.at').allTextContents();
  const seconds = offsets.map((text) => {
    const sign = text.startsWith('−') ? -1 : 1;
    return sign * text.replace(/[+−s ]/g, '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  });
  holds(seconds.every((one, at) => at === 0 || seconds[at - 1] <= one), `the steps are in the order of time: ${offsets}`);
  await inBothThemes(page, () => accessible(page));

  // J and K, arrows, End and Home go from step to step; Enter opens one, and again closes it.
  await page.getByRole('heading', { level: 1 }).click();
  const at = async () => steps.evaluateAll((all) => all.indexOf(document.activeElement));
  const last = events.length - 1;
  for (const [key, wanted] of [['j', 0], ['j', 1], ['k', 0], ['ArrowDown', 1], ['End', last], ['ArrowDown', last], ['ArrowUp', last - 1], ['Home', 0]]) {
    await page.keyboard.press(key);
    same(await at(), wanted, `the step after ${key}`);
  }
  holds((await focused(page)).visible, 'one sees which step has the focus');
  await page.keyboard.press('Enter');
  await until('the step to open', () => own(page, 'step') !== null);
  same(await steps.first().getAttribute('aria-expanded'), 'true', 'the step');
  await inBothThemes(page, () => accessible(page));
  await page.keyboard.press('Enter');
  await until('the step to close', () => own(page, 'step') === null);

  await page.getByRole('link', { name: 'All sessions' }).focus();
  await page.keyboard.press('Enter');
  await until('the list', () => own(page, 'session') === null);
  same(own(page, 'order'), 'events', 'the list is as it was');
}
