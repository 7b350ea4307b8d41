// The view that is looked at: range, comparison, project, zone, refreshing, theme and keys; and the address, which shows
// it to whoever gets the link.
'use strict';

const { accessible, address, fits, holds, inBothThemes, run, same, signIn, until } = require('./browser.cjs');
const { sendEvent, tellConnections, tellEvents } = require('./api.cjs');
const { focused, goTo, settled } = require('./moving.cjs');

run(async ({ open }) => {
  await tellEvents();
  await tellConnections();
  const page = await open({ at: '#/connections' });
  await signIn(page);
  await settled(page);
  await ranges(page);
  await refreshes(page);
  await themes(page);
  await keys(page);
  await links(page, open);
});

const hash = (page) => new URL(page.url()).hash;
const isAt = (page, wanted) => until(wanted, () => hash(page) === wanted);
const picker = (page) => page.getByRole('button', { name: /^Range: / });

async function ranges(page) {
  await picker(page).click();
  await inBothThemes(page, () => accessible(page));
  const offered = page.getByRole('group', { name: 'Ranges' }).getByRole('button');
  same(await offered.count(), 9, 'ranges');
  await offered.filter({ hasText: 'Last 7 days' }).click();
  await isAt(page, '#/connections?range=7d');
  same(await focused(page).then(({ name }) => name), 'Range: Last 7 days', 'the focus after choosing');
  await settled(page);

  // A custom one: an end before its beginning is not taken.
  await picker(page).click();
  await page.getByLabel('From').fill('2026-01-02T10:00');
  await page.getByLabel('To', { exact: true }).fill('2026-01-02T09:00');
  await page.getByText('The range ends before it begins.').waitFor();
  holds(await page.getByRole('button', { name: 'Show this range' }).isDisabled(), 'it is not taken');
  await accessible(page);
  await page.getByLabel('To', { exact: true }).fill('2026-01-03T09:00');
  await page.getByRole('button', { name: 'Show this range' }).click();
  await isAt(page, '#/connections?from=2026-01-02T10:00:00.000Z&to=2026-01-03T09:00:00.000Z');

  // Another zone moves what the fields say, not what is looked at.
  await picker(page).click();
  await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
  await until('the zone', async () => (await page.getByLabel('From').inputValue()) === '2026-01-02T19:00');
  await page.keyboard.press('Escape');
  same(await page.getByLabel('From').count(), 0, 'Escape closes it');
  for (let at = 0; at < 3; at += 1) await page.goBack();
  await isAt(page, '#/connections');

  // Compared: said in the address, and shown beside the numbers.
  const compare = page.getByRole('button', { name: 'Compare' });
  await compare.click();
  await isAt(page, '#/connections?compare=1');
  same(await compare.getAttribute('aria-pressed'), 'true', 'the button');
  await settled(page);
  await compare.click();
  await isAt(page, '#/connections');
}

/** Chosen, it looks anew by itself; never, it does not. */
async function refreshes(page) {
  const looks = () => page.seen.requests.filter((asked) => asked.includes('/api/v1/sql') || asked.includes('/api/v1/query')).length;
  await goTo(page, '#/connections?refresh=10s');
  const before = looks();
  await until('it to look anew by itself', () => looks() > before);
  await goTo(page, '#/connections?refresh=off');
  await settled(page);
  const begun = looks();
  await page.getByRole('button', { name: 'Look anew' }).click();
  await until('it to look anew on request', () => looks() > begun);
  await goTo(page, '#/connections');
}

/** As the system, light, dark: by the list and by a key, and it is remembered. */
async function themes(page) {
  const shown = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const choice = page.getByLabel('Theme');
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await shown();
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await shown();
  holds(dark !== light, 'the system chooses');
  await choice.selectOption('dark');
  same(await shown(), dark, 'dark in a light system');
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('l');
  same([await choice.inputValue(), await shown()], ['system', light], 'L goes on to the system');
}

async function keys(page) {
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  await dialog.waitFor();
  await inBothThemes(page, () => accessible(page));
  for (const words of ['Last 7 days', 'Compare with the period before', 'API traffic', 'Clear all filters']) {
    await dialog.getByText(words, { exact: true }).waitFor();
  }
  await page.keyboard.press('w');
  same(hash(page), '#/connections', 'keys do nothing under the dialog');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  for (const [pressed, wanted] of [
    ['h', '#/connections?range=1h'],
    ['c', '#/connections?range=1h&compare=1'],
    ['d', '#/connections?compare=1'],
    ['c', '#/connections'],
  ]) {
    await page.keyboard.press(pressed);
    await isAt(page, wanted);
  }
  await page.keyboard.press('g');
  await page.keyboard.press('n');
  await isAt(page, '#/now');
  // In a field letters are letters.
  await page.getByLabel('Search in the events').fill('');
  await page.getByLabel('Search in the events').press('w');
  await isAt(page, '#/now?q=w');
  await page.getByLabel('Search in the events').fill('');
}

/** A link shows the same view in a browser that knows nothing, after signing in; back undoes each step. */
async function links(page, open) {
  await goTo(page, '#/connections');
  await page.getByRole('list', { name: 'Service' }).getByRole('button', { name: /^rooms/ }).click();
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.keyboard.press('w');
  await page.getByRole('button', { name: /^New/ }).first().click();
  const link = '#/connections?range=7d&compare=1&f=service_name:eq:rooms&chart=new';
  await isAt(page, link);
  await settled(page);
  const tiles = (one) => one.locator('.tile .figure').allTextContents();
  const shown = await tiles(page);
  const fresh = await open({ at: link });
  await signIn(fresh);
  await settled(fresh);
  same(hash(fresh), link, 'the address in another browser');
  same((await tiles(fresh)).slice(0, 3), shown.slice(0, 3), 'the numbers in another browser');
  await fresh.getByRole('heading', { name: 'New connections over time' }).waitFor();
  same(await fresh.title(), 'Connections · Tidegauge', 'the title');
  for (const wanted of [
    '#/connections?range=7d&compare=1&f=service_name:eq:rooms',
    '#/connections?compare=1&f=service_name:eq:rooms',
    '#/connections?f=service_name:eq:rooms',
    '#/connections',
  ]) {
    await page.goBack();
    await isAt(page, wanted);
  }
  await page.goForward();
  await page.getByRole('list', { name: 'Filters' }).getByText('rooms').waitFor();

  // A link that was cut or mistyped shows the nearest thing that makes sense.
  for (const broken of ['#/nowhere?range=never&tz=Mars/Base&f=:::&f=country', '#/connections?from=2026-13-01&to=x&range=', '#', '#//%%%?%']) {
    await fresh.goto(new URL(broken, address).href);
    await settled(fresh);
    await fits(fresh);
  }
  await sendEvent({ event_name: 'done' });
}
