// Pictures of every page with the demo's data, for the documentation: `make screenshots`.
'use strict';

const { NARROW, run, screenshot, signIn, until } = require('./browser.cjs');
const { goTo } = require('./moving.cjs');

/** Pages that follow the clock are shown over a stretch that has something to tell: days and nights, a bad week. */
const PAGES = {
  now: '#/now',
  events: '#/events?range=7d&compare=1',
  sessions: '#/sessions',
  connections: '#/connections',
  traffic: '#/traffic?range=30d',
  explore: '#/explore?range=7d',
  settings: '#/settings',
};
const IN_THE_DARK = ['now', 'events'];
/** So many events in the live feed make it look alive. */
const FEED_ROWS = 8;

run(async ({ open }) => {
  for (const [theme, names] of Object.entries({ light: Object.keys(PAGES), dark: IN_THE_DARK })) {
    const page = await open({ theme });
    if (theme === 'light') await screenshot(page, 'dashboard-sign-in');
    await signIn(page);
    for (const name of names) {
      await show(page, PAGES[name]);
      await screenshot(page, `dashboard-${name}${theme === 'dark' ? '-dark' : ''}`);
    }
  }
  const narrow = await open({ size: NARROW });
  await signIn(narrow);
  await show(narrow, PAGES.now);
  await screenshot(narrow, 'dashboard-now-narrow');
  const docs = await open({ at: 'api/docs' });
  await docs.getByText('Authentication').first().waitFor();
  await screenshot(docs, 'api-docs');
});

/** Goes to a page, and waits until it has all that it shows: answers, charts, and for Now a feed that runs. */
async function show(page, hash) {
  await goTo(page, hash);
  await page.evaluate(() => document.fonts.ready);
  if (hash.startsWith('#/now')) {
    const feed = page.getByRole('region', { name: 'Live events, newest first' });
    await until('the feed to run', async () => (await feed.getByRole('button').count()) >= FEED_ROWS);
    await page.getByRole('group', { name: /^World map/ }).waitFor();
  }
  if (hash.startsWith('#/explore')) await page.getByText(/^[\d,]+ rows? · /).waitFor();
  await page.mouse.move(0, 0);
}
