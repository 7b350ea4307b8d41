// Signing in and out: who comes in, what the others are told, and that a credential is kept nowhere.
'use strict';

const { address, holds, key, run, same, signIn, until } = require('./browser.cjs');
const { makeKey, revokeKey, sendEvent } = require('./api.cjs');

run(async ({ open }) => {
  await sendEvent({ event_name: 'one', project_id: 'shop' });
  await sendEvent({ event_name: 'two', project_id: 'kiosk' });
  const page = await open({ at: '#/events?range=7d' });
  const field = page.getByLabel('API key or token');
  const refused = async (text, told) => {
    await field.fill(text);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const alert = page.getByRole('alert');
    await until(`"${told}"`, async () => (await alert.count()) > 0 && (await alert.textContent()).includes(told));
    same(await field.getAttribute('aria-invalid'), 'true', `the field after ${told}`);
  };

  // Nobody comes in without a good one, and each hears why.
  await refused('', 'Paste a key or a token');
  await refused('two words', 'no spaces');
  await refused('kéy', 'special letters');
  await refused(`${key.slice(0, -1)}x`, 'not valid');
  const ingest = await makeKey(['ingest']);
  await refused(ingest.key, 'needs the scope read');
  const gone = await makeKey(['read']);
  await revokeKey(gone.id);
  await refused(gone.key, 'not valid');

  // A good one comes in where the address says, also with "Bearer" before it and space around it.
  await signIn(page, `  Bearer ${key}\n`);
  await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
  same(new URL(page.url()).hash, '#/events?range=7d', 'the address after signing in');
  await keptNowhere(page, key);
  await page.getByLabel('Theme').selectOption('dark');
  await keptNowhere(page, key, { 'tidegauge-theme': 'dark' });

  // Signing out forgets it, and so does a reload; the theme is remembered, and the address stays.
  await page.getByRole('button', { name: 'Sign out' }).click();
  await field.waitFor();
  same([await field.inputValue(), await page.getByRole('navigation').count()], ['', 0], 'after signing out');
  await signIn(page);
  await page.reload();
  await field.waitFor();
  same(await page.evaluate(() => document.documentElement.dataset.theme), 'dark', 'the theme after a reload');
  same(new URL(page.url()).hash, '#/events?range=7d', 'the address after a reload');
  await keptNowhere(page, key, { 'tidegauge-theme': 'dark' });
  holds(page.seen.requests.every((asked) => !asked.includes(key)), 'no address that was asked for holds the key');

  // A key of one project sees that project, and cannot choose another one.
  const bound = await makeKey(['read'], { project: 'shop' });
  const shop = await open({ at: '#/events' });
  await signIn(shop, bound.key);
  const project = shop.getByRole('region', { name: 'What is shown' }).getByRole('combobox');
  same([await project.inputValue(), await project.isDisabled()], ['shop', true], 'the project of a bound key');
  same(await project.locator('option').allTextContents(), ['shop'], 'the projects to choose from');
  await shop.getByText('one', { exact: true }).first().waitFor();
  same(await shop.getByText('two', { exact: true }).count(), 0, "another project's events");

  // A key that is revoked while the page is open signs it out, with the reason, at the next look.
  await revokeKey(bound.id);
  await shop.getByRole('button', { name: 'Look anew' }).click();
  await shop.getByRole('alert').filter({ hasText: 'not valid any longer' }).waitFor();
  await shop.getByLabel('API key or token').waitFor();
  same(await shop.getByText('one', { exact: true }).count(), 0, 'what was shown before');

  // Also on the page that asks nothing by itself but listens.
  const listener = await makeKey(['read']);
  const now = await open();
  await signIn(now, listener.key);
  await now.getByRole('main').getByText('Live', { exact: true }).waitFor();
  await revokeKey(listener.id);
  await now.getByRole('alert').filter({ hasText: 'not valid any longer' }).waitFor();
}, { expected: ['status of 401', 'status of 403'] });

/** Fails when a storage, a cookie, the address or the document holds the credential, or more than the theme is kept. */
async function keptNowhere(page, credential, stored = {}) {
  const { local, session, cookie, cookies, databases, markup } = await page.evaluate(async () => ({
    local: { ...localStorage },
    session: { ...sessionStorage },
    cookie: document.cookie,
    cookies: (await globalThis.cookieStore?.getAll())?.length ?? 0,
    databases: (await indexedDB.databases()).length + (await caches.keys()).length,
    markup: document.documentElement.outerHTML + JSON.stringify(history.state),
  }));
  same([local, session, cookie, cookies, databases], [stored, {}, '', 0, 0], 'what is kept');
  same((await page.context().cookies()).length, 0, 'cookies');
  holds(!markup.includes(credential) && !page.url().includes(credential), 'neither document nor address hold it');
  holds(page.url().startsWith(address), 'it is the page');
}
