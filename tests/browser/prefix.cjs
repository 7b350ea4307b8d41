// Behind a proxy that strips a prefix of the path: every request of the dashboard and of the API's page has the prefix.
'use strict';

const { address, holds, key, run, same, until } = require('./browser.cjs');
const { behind } = require('./proxy.cjs');

run(async ({ open }) => {
  const proxy = await behind(address);
  try {
    const base = proxy.address;
    // Whether the key is good is not asked here, but where it is sent.
    const page = await open({ base, expected: ['Failed to load resource'] });
    await page.getByLabel('API key or token').fill(key);
    const asked = page.waitForRequest((request) => request.url().startsWith(`${base}api/v1/`));
    await page.getByRole('button', { name: 'Sign in' }).click();
    same((await asked).headers().authorization, `Bearer ${key}`, 'the credential');

    const docs = await open({ base, at: 'api/docs', expected: ['status of 401'] });
    await docs.locator('[id="link-get-/api/v1/analytics/stats"]').click();
    const [answer] = await Promise.all([
      docs.waitForResponse((response) => response.url().includes('/analytics/stats')),
      docs.getByRole('button', { name: 'TRY', exact: true }).click(),
    ]);
    same([answer.url(), answer.status()], [`${base}api/v1/analytics/stats`, 401], 'the call');
    await docs.getByText('← Tidegauge').first().click();
    await docs.getByLabel('API key or token').waitFor();
    same(docs.url(), base, 'the way back');

    const prefix = new URL(base).pathname;
    await until('the files', () => proxy.paths.some((path) => path.startsWith(`${prefix}assets/`)));
    holds(proxy.paths.every((path) => path.startsWith(prefix)), `all below ${prefix}: ${proxy.paths}`);
    holds(proxy.paths.some((path) => path === `${prefix}api/openapi.json`), 'the document too');
  } finally {
    proxy.stop();
  }
});
