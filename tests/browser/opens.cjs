// The dashboard's first page: complete, quiet, readable, in both themes and on a narrow screen.
'use strict';

const { NARROW, WIDE, accessible, fits, holds, inBothThemes, run, same, screenshot } = require('./browser.cjs');

run(async ({ open }) => {
  for (const [name, size] of Object.entries({ wide: WIDE, narrow: NARROW })) {
    const page = await open({ size });
    const field = page.getByLabel('API key or token');
    await field.waitFor();
    same(await page.title(), 'Tidegauge', 'the title');
    await inBothThemes(page, async (theme) => {
      await accessible(page);
      await fits(page);
      await screenshot(page, `sign-in-${name}-${theme}`);
    });
    // One types at once, and hears when there is nothing to send.
    holds(await field.evaluate((of) => of === document.activeElement), 'the field has the focus');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await accessible(page);
    holds(page.seen.requests.every((request) => !request.includes('/api/v1/')), 'nothing was asked without a key');
  }
});
