// Pictures of every page with the demo's data, for the documentation: `make screenshots`.
'use strict';

const { NARROW, THEMES, run, screenshot, signIn, until } = require('./browser.cjs');

const PAGES = ['now', 'events', 'sessions', 'connections', 'traffic', 'explore', 'settings'];

run(async ({ open }) => {
  for (const theme of THEMES) {
    const page = await open({ theme });
    await screenshot(page, `sign-in-${theme}`);
    await signIn(page);
    for (const name of PAGES) {
      await show(page, `#/${name}`);
      await screenshot(page, `${name}-${theme}`);
    }
  }
  const narrow = await open({ size: NARROW });
  await signIn(narrow);
  await show(narrow, '#/now');
  await screenshot(narrow, 'now-narrow');
  const docs = await open({ at: 'api/docs' });
  await docs.getByText('Authentication').first().waitFor();
  await screenshot(docs, 'docs-light');
});

/** Goes to a page, and waits until nothing of it is loading any more. */
async function show(page, hash) {
  await page.evaluate((to) => (location.hash = to), hash);
  await page.getByRole('main').waitFor();
  await until(`${hash} to be loaded`, () => page.evaluate(() => document.querySelector('[aria-busy="true"]') === null));
}
