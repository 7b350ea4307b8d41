// The API's page: shows the server's document, tries a route with a credential typed in, and keeps nothing.
'use strict';

const { NARROW, address, holds, inBothThemes, key, run, same, screenshot, until } = require('./browser.cjs');

const BACKGROUND = { light: 'rgb(255, 255, 255)', dark: 'rgb(20, 24, 31)' };

run(async ({ open }) => {
  const page = await open({ at: 'api/docs' });
  await page.getByText('Authentication').first().waitFor();
  await inBothThemes(page, async (theme) => {
    const background = () => page.locator('rapi-doc').evaluate((of) => getComputedStyle(of).backgroundColor);
    await until(`the theme ${theme}`, async () => (await background()) === BACKGROUND[theme]);
    await screenshot(page, `docs-${theme}`);
  });

  // Without a credential a route says that it takes one; with it typed in it answers.
  await operation(page, 'get', '/api/v1/analytics/stats');
  same((await tried(page)).status(), 401, 'without a credential');
  await page.locator('[data-content-id="auth"]').click();
  const field = page.locator('#http-key-api-key-input');
  await field.fill(key);
  await field.locator('xpath=..').getByRole('button').click();
  await operation(page, 'get', '/api/v1/analytics/stats');
  const answer = await tried(page);
  same(answer.status(), 200, 'with the credential');
  same((await answer.json()).total_events, 0, 'the answer');
  await screenshot(page, 'docs-tried');

  // A body as well: what is typed in arrives.
  await operation(page, 'post', '/api/v1/analytics');
  await page.locator('textarea.request-body-param-user-input').fill('{"event_name": "from the page"}');
  same((await tried(page)).status(), 200, 'an event');

  // Nothing is kept: a reload knows no credential.
  const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
  same(kept, [0, 0, ''], 'what is kept');
  await page.reload();
  await operation(page, 'get', '/api/v1/analytics/stats');
  same((await tried(page)).status(), 401, 'after a reload');

  // Back to the dashboard, wherever that is.
  await page.getByText('← Tidegauge').first().click();
  await page.getByLabel('API key or token').waitFor();
  same(page.url(), address, 'the way back');

  // On a narrow screen there is no bar at the side: the operations stand in a list.
  const narrow = await open({ at: 'api/docs', size: NARROW, theme: 'dark' });
  await narrow.locator('[id="post-/api/v1/analytics"]').getByText('/api/v1/analytics').first().waitFor();
  await screenshot(narrow, 'docs-narrow');
  const calls = [...page.seen.requests, ...narrow.seen.requests];
  holds(calls.every((call) => !call.includes(key)), 'no address holds the credential');
}, { expected: ['status of 401'] });

/** Goes to an operation by the bar at the side. */
async function operation(page, method, path) {
  await page.locator(`[id="link-${method}-${path}"]`).click();
  await page.locator(`[id="${method}-${path}"]`).waitFor();
}

/** Presses TRY, and hands back what the server answered. */
async function tried(page) {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().startsWith(`${address}api/v1/`)),
    page.getByRole('button', { name: 'TRY', exact: true }).click(),
  ]);
  return answer;
}
