// When the server is busy, refuses, fails or cannot be reached, the page says so in words and comes back by itself or on
// request; and every page of the demo fits a narrow screen and is accessible there. Tells how long a page of charts took.
'use strict';

const { NARROW, accessible, fits, holds, inBothThemes, run, same, screenshot, signIn, until } = require('./browser.cjs');
const { BUSY, becomes, exact, range, total } = require('./day.cjs');
const { figure, goTo, settled } = require('./moving.cjs');

const NARROW_PAGES = {
  events: `#/events?${range}`,
  sessions: `#/sessions?${range}`,
  traffic: `#/traffic?${range}`,
  explore: `#/explore?${range}`,
  sql: `#/explore?${range}&mode=sql`,
};
const REFUSALS = [
  { status: 503, title: 'The server is busy', words: 'Try again in 60 seconds' },
  { status: 429, title: 'Too many questions at once', words: 'It frees in 60 seconds' },
  { status: 500, title: 'The server failed to answer', words: 'Told by a test' },
];
const EXPECTED = ['Failed to load resource', 'net::ERR_INTERNET_DISCONNECTED', 'net::ERR_FAILED'];

run(async ({ open }) => {
  const page = await open();
  await signIn(page);
  await refusals(page);
  await offline(page);
  const took = await charts(page);
  await page.context().close();
  const narrow = await open({ size: NARROW, expected: BUSY });
  await signIn(narrow);
  await narrowly(narrow);
  return { all_requests_of_events_over_all_days_ms: took };
}, { expected: EXPECTED });

const alerts = (page) => page.getByRole('main').getByRole('alert');
/** Another question each time: an answer that is known is not asked for again. */
const asking = (value) => `#/events?${range}&f=event_name:ne:${value}`;
const comes = async (page, value) => {
  const { count } = await total('events', [{ op: 'count' }], [{ column: 'event_name', op: 'ne', value }]);
  await becomes('the events', () => figure(page, 'Events'), exact(count));
  await until('no alert', async () => (await alerts(page).count()) === 0);
};

/** What a refusal says, in each theme, and that trying again brings the page. */
async function refusals(page) {
  for (const { status, title, words } of REFUSALS) {
    const answer = {
      status,
      headers: { 'retry-after': '60', 'x-request-id': 'of-a-test' },
      contentType: 'application/problem+json',
      body: JSON.stringify({ type: 'about:blank', title: 'No', status, detail: 'told by a test', request_id: 'of-a-test' }),
    };
    await page.route('**/api/v1/query', (route) => route.fulfill(answer));
    await page.evaluate((to) => (location.hash = to), asking(`status-${status}`));
    const alert = alerts(page).filter({ hasText: title }).first();
    await alert.waitFor();
    holds((await alert.textContent()).includes(words), `${status} says "${words}": ${await alert.textContent()}`);
    same(await page.locator('.tile .figure').first().textContent(), '–', 'a number that could not be had is none');
    if (status === 503) await inBothThemes(page, () => accessible(page));
    await screenshot(page, `trouble-${status}`);
    await page.unroute('**/api/v1/query');
    // One button brings all of it back: what failed together comes together.
    await alert.getByRole('button', { name: 'Try again' }).click();
    await comes(page, `status-${status}`);
    await settled(page);
  }
}

/** Without a network it says so, and what is asked for afterwards comes. */
async function offline(page) {
  await page.context().setOffline(true);
  await page.evaluate((to) => (location.hash = to), asking('offline'));
  await alerts(page).filter({ hasText: 'You are offline' }).first().waitFor();
  await accessible(page);
  await page.context().setOffline(false);
  await page.evaluate((to) => (location.hash = to), asking('online'));
  await comes(page, 'online');
}

/** How long all requests of a page of charts took together, from the first's start to the last's end. */
async function charts(page) {
  await goTo(page, '#/now');
  await page.evaluate(() => performance.clearResourceTimings());
  await goTo(page, '#/events?range=30d');
  return page.evaluate(() => {
    const asked = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/api/v1/query'));
    const [begun, done] = [Math.min(...asked.map(({ startTime }) => startTime)), Math.max(...asked.map(({ responseEnd }) => responseEnd))];
    return Math.round(done - begun);
  });
}

async function narrowly(page) {
  for (const [name, hash] of Object.entries(NARROW_PAGES)) {
    await goTo(page, hash);
    await inBothThemes(page, async (theme) => {
      await accessible(page);
      await fits(page);
      await screenshot(page, `narrow-${name}-${theme}`);
    });
  }
  await goTo(page, `#/events?${range}&all=page_url`);
  await page.getByRole('dialog', { name: 'Pages' }).getByText(/rows?$/).first().waitFor();
  await inBothThemes(page, () => accessible(page));
  await fits(page);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Share' }).click();
  await inBothThemes(page, () => accessible(page));
  await fits(page);
}
