// Moving about in the signed-in dashboard: pages, what the keyboard stands on, dialogs.
'use strict';

const { holds, until } = require('./browser.cjs');

/** Goes to a page by its address, and waits until nothing of it is loading. */
async function goTo(page, hash) {
  await page.evaluate((to) => (location.hash = to), hash);
  await settled(page);
}

/** Waits until the page stands and nothing of it is loading any more. */
async function settled(page) {
  await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
  await until(`${page.url()} to be loaded`, () =>
    page.evaluate(() => document.querySelector('[aria-busy="true"], main .skeleton, .figure.waiting') === null),
  );
}

/** What has the focus, as one would call it: its role or element, its name, and whether one sees that it has it. */
function focused(page) {
  return page.evaluate(() => {
    const of = document.activeElement;
    const label = of.labels?.[0]?.textContent ?? document.getElementById(of.getAttribute('aria-labelledby'))?.textContent;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(of);
    return {
      element: of.tagName.toLowerCase(),
      name: (of.getAttribute('aria-label') ?? label ?? of.textContent ?? '').trim().replace(/\s+/g, ' '),
      visible: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none',
      inDialog: of.closest('dialog') !== null,
    };
  });
}

/** Presses Tab (or Shift+Tab) and tells what has the focus then. */
async function tab(page, keys = 'Tab') {
  await page.keyboard.press(keys);
  return focused(page);
}

/** Tabs until the wanted thing has the focus. */
async function tabTo(page, name, most = 80) {
  const seen = [];
  for (let at = 0; at < most; at += 1) {
    const now = await tab(page);
    seen.push(now.name.slice(0, 30));
    if (name instanceof RegExp ? name.test(now.name) : now.name === name) return now;
  }
  throw new Error(`the tab key does not come to ${name}: ${seen.join(' | ')}`);
}

/** Fails when the tab key leaves the open dialog, or Escape does not close it and give the focus back to `name`. */
async function trapped(page, name) {
  await page.getByRole('dialog').waitFor();
  for (const keys of ['Tab', 'Shift+Tab']) {
    for (let at = 0; at < 12; at += 1) {
      const now = await tab(page, keys);
      // Between the last and the first the focus is with the browser itself.
      holds(now.inDialog || now.element === 'body', `${keys} stays in the dialog: ${JSON.stringify(now)}`);
    }
  }
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const back = await focused(page);
  holds(back.name.startsWith(name), `the focus comes back to ${name}: ${JSON.stringify(back)}`);
}

/** What is behind a label of a list or a term: the figure of a tile. */
async function figure(page, label) {
  const tile = page.locator('.tile', { has: page.getByText(label, { exact: true }) });
  return tile.locator('.figure').getAttribute('title');
}

/** A bar list as `{ name: exact number }`. */
async function bars(page, label) {
  const rows = page.getByRole('list', { name: label, exact: true }).getByRole('listitem');
  const pairs = await rows.evaluateAll((all) =>
    all.map((row) => [row.querySelector('.name').textContent.trim(), Number(row.querySelector('.value').title.replaceAll(',', ''))]),
  );
  return Object.fromEntries(pairs);
}

module.exports = { bars, figure, focused, goTo, settled, tab, tabTo, trapped };
