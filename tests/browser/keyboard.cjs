// By the keyboard alone, and by axe: what the Tab key comes to in which order, the skip link, dialogs, and every one of
// these pages in both themes, wide and on a narrow screen.
'use strict';

const { NARROW, accessible, fits, holds, inBothThemes, key, run, same, screenshot, until } = require('./browser.cjs');
const { tellConnections, tellEvents } = require('./api.cjs');
const { BUSY, focused, goTo, settled, tab, tabTo, trapped } = require('./moving.cjs');

const TABS = ['keys', 'projects', 'retention', 'privacy', 'limits', 'store', 'audit'];
const PAGES = ['now', 'connections', ...TABS.map((name) => `settings?tab=${name}`)];

run(async ({ open }) => {
  await tellEvents();
  await tellConnections();
  const page = await open();
  await order(page);
  await dialogs(page);
  await lookAt(page, 'wide');

  const narrow = await open({ size: NARROW });
  await typeIn(narrow);
  await lookAt(narrow, 'narrow');
  await panels(narrow);
}, { expected: [BUSY] });

/** Signs in without a pointer: the field has the focus already. */
async function typeIn(page) {
  await page.getByLabel('API key or token').waitFor();
  await page.keyboard.insertText(key);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  await settled(page);
}

/** The Tab key goes on from the first stop. */
const fromTop = (page) => page.getByRole('link', { name: 'Skip to the content' }).focus();

/** From the top: the skip link, the pages, one's own things, what is shown, the page. Each shows that it has the focus. */
async function order(page) {
  await typeIn(page);
  await page.evaluate(() => document.activeElement?.blur());
  const first = await tab(page);
  same([first.name, first.visible], ['Skip to the content', true], 'the first stop');
  holds(await page.getByRole('link', { name: 'Skip to the content' }).evaluate((of) => of.getBoundingClientRect().top >= 0), 'it is seen');
  await page.keyboard.press('Enter');
  same((await focused(page)).element, 'main', 'where it leads');
  const inside = await tab(page);
  holds(await page.evaluate(() => document.activeElement.closest('main') !== null), `the next stop is in the page: ${inside.name}`);

  await fromTop(page);
  const seen = [];
  for (let at = 0; at < 20; at += 1) {
    const now = await tab(page);
    holds(now.visible, `one sees the focus: ${JSON.stringify(now)}`);
    seen.push(now.name);
  }
  const wanted = ['Now', 'Events', 'Sessions', 'Connections', 'API traffic', 'Explore', 'Settings', 'Theme', 'Keys ?', 'Sign out', 'Project', 'Compare', 'Range: Last 24 hours', 'Look anew', 'Pause'];
  const places = wanted.map((name) => seen.findIndex((one) => one.startsWith(name)));
  same(places, [...places].sort((a, b) => a - b), `the order of ${seen}`);
  holds(!places.includes(-1), `all are stops: ${wanted} in ${seen}`);

  // A page by its link, a tab by arrows, a popover by Enter and Escape.
  await fromTop(page);
  await tabTo(page, 'Settings');
  await page.keyboard.press('Enter');
  await settled(page);
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await tabTo(page, /^Range: /);
  await page.keyboard.press('Enter');
  await page.getByRole('group', { name: 'Ranges' }).waitFor();
  await tabTo(page, /^Last hour/);
  await page.keyboard.press('Escape');
  same((await focused(page)).name, 'Range: Last 24 hours', 'after Escape');
  await tabTo(page, 'Keys');
  await page.keyboard.press('ArrowRight');
  await until('the next tab', () => page.url().endsWith('#/settings?tab=projects'));
  same((await focused(page)).name, 'Projects', 'the focus goes with the tab');
  await page.keyboard.press('End');
  await until('the last tab', () => page.url().endsWith('#/settings?tab=audit'));
  await page.keyboard.press('ArrowRight');
  await until('the first one again', () => page.url().endsWith('#/settings'));
  await settled(page);
}

/** The focus stays in an open dialog, and goes back to what opened it. */
async function dialogs(page) {
  await tabTo(page, 'New key');
  await page.keyboard.press('Enter');
  await trapped(page, 'New key');
  await fromTop(page);
  await tabTo(page, 'Keys ?');
  await page.keyboard.press('Enter');
  await trapped(page, 'Keys ?');
  const name = await page.getByRole('region', { name: 'Keys', exact: true }).locator('tbody button').first().textContent();
  await tabTo(page, name.trim());
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke…' }).waitFor();
  await tabTo(page, 'Revoke…');
  await page.keyboard.press('Enter');
  await until('the focus within the next step', async () => (await focused(page)).inDialog);
  await trapped(page, name.trim());
  await goTo(page, '#/connections');
  await tabTo(page, 'c-1');
  await page.keyboard.press('Enter');
  await trapped(page, 'c-1');
}

/** Axe finds nothing, and nothing is wider than the window. */
async function lookAt(page, size) {
  for (const name of PAGES) {
    await goTo(page, `#/${name}`);
    if (name === 'now') await page.locator('[data-code="DE"]').waitFor();
    await inBothThemes(page, async (theme) => {
      await accessible(page);
      await fits(page);
      await screenshot(page, `${name.replace(/.*=/, 'settings-')}-${size}-${theme}`, { fullPage: true });
    });
  }
}

/** What opens over a narrow page is within the window as well. */
async function panels(page) {
  const within = async (what, of) => {
    const { x, width } = await of.boundingBox();
    holds(x >= 0 && x + width <= NARROW.width, `${what} is within the window: ${x} + ${width}`);
    await fits(page);
    await inBothThemes(page, () => accessible(page));
  };
  await goTo(page, '#/now');
  await page.getByRole('button', { name: /^Range: / }).click();
  await within('the range', page.getByRole('group', { name: 'Ranges' }));
  await page.keyboard.press('Escape');
  await page.getByRole('region', { name: 'Live events, newest first' }).getByRole('button').first().click();
  await within('an opened event', page.getByRole('region', { name: 'Live events, newest first' }));
  // Their button is not there where there are no keys.
  await page.keyboard.press('?');
  await within('the keys', page.getByRole('dialog'));
  await page.keyboard.press('Escape');
  await goTo(page, '#/settings');
  await page.getByRole('button', { name: 'New key' }).click();
  await within('a new key', page.getByRole('dialog'));
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await within('signing in', page.getByRole('main'));
}
