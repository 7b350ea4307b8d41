// What the browser's tests share: Chromium, pages that are watched, signing in, waiting, accessibility, pictures.
//
// A test is a script that calls `run`; `tests/harness/browser.rs` starts it beside a server, which the environment names:
// TIDEGAUGE_ADDRESS (the page's address), TIDEGAUGE_KEY (a credential for it), and where they are wanted
// TIDEGAUGE_SCREENSHOTS (a directory for pictures) and TIDEGAUGE_TEST_CHROMIUM (another browser than Debian's).
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

/** The page's address, with a slash at its end. */
const address = process.env.TIDEGAUGE_ADDRESS.replace(/\/?$/, '/');
const key = process.env.TIDEGAUGE_KEY;
const SCREENSHOTS = process.env.TIDEGAUGE_SCREENSHOTS;
const EXECUTABLE = process.env.TIDEGAUGE_TEST_CHROMIUM ?? '/usr/bin/chromium';

/** How long to wait for what must come, in milliseconds: only what is broken takes so long. */
const PATIENCE = 30_000;
/** How long a whole test may take. */
const LONGEST = 300_000;
/** Faults of a kind that are told. */
const MAX_TOLD = 8;
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };
const THEMES = ['light', 'dark'];

/** Runs a test in a browser of its own, and ends the process: 0 when it went well; else with what happened on standard error. */
function run(test, { expected = [] } = {}) {
  let browser;
  const watched = [];
  const tooLong = setTimeout(() => {
    console.error(`not done after ${LONGEST} ms`);
    process.exit(1); // Playwright ends the browser with this process.
  }, LONGEST);
  (async () => {
    browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
    });
    const result = await test({ open: (how) => open(browser, watched, { expected, ...how }), browser });
    for (const page of watched) quiet(page);
    if (result !== undefined) console.log(JSON.stringify(result));
  })()
    .catch(async (error) => {
      console.error(error);
      for (const page of watched) console.error(page.url(), JSON.stringify(inShort(page.seen), null, 1));
      const name = `failed-${path.basename(process.argv[1], '.cjs')}`;
      await Promise.all(watched.map((page, at) => screenshot(page, `${name}-${at}`).catch(() => {})));
      process.exitCode = 1;
    })
    .finally(async () => {
      await browser?.close();
      clearTimeout(tooLong);
    });
}

/** The first few of each kind, without repeats. */
function inShort(seen) {
  return Object.fromEntries(Object.entries(seen).map(([kind, all]) => [kind, [...new Set(all)].slice(0, MAX_TOLD)]));
}

/**
 * A page with a profile of its own. What it should not do is noted in `page.seen` and must be nothing when the test ends:
 * errors, what the Content-Security-Policy has stopped, requests to elsewhere, requests that failed. A test that
 * means to provoke one says so by `expected`: texts of which one is in each entry that is no fault.
 */
async function open(browser, watched, { at = '', theme = 'light', size = WIDE, reducedMotion = 'reduce', expected = [], base = address } = {}) {
  const context = await browser.newContext({ viewport: size, colorScheme: theme, reducedMotion, locale: 'en-GB', timezoneId: 'UTC' });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.seen = { errors: [], violations: [], foreign: [], failed: [], requests: [] };
  page.expected = expected;
  watched.push(page);
  await page.exposeFunction('tellOfViolation', (told) => page.seen.violations.push(told));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      globalThis.tellOfViolation(`${event.effectiveDirective}: ${event.blockedURI} (${event.sourceFile}:${event.lineNumber}) ${event.sample}`);
    });
  });
  page.on('pageerror', (error) => page.seen.errors.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.seen.errors.push(`${message.type()}: ${message.text()}`);
  });
  page.on('request', (request) => {
    page.seen.requests.push(`${request.method()} ${request.url()}`);
    const url = request.url();
    if (!url.startsWith(base) && !/^(data|blob):/.test(url)) page.seen.foreign.push(url);
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // A request that the page itself has given up.
    if (why !== 'net::ERR_ABORTED') page.seen.failed.push(`${request.url()}: ${why}`);
  });
  await page.goto(new URL(at, base).href);
  return page;
}

/** Fails when a page has done what it should not. */
function quiet(page) {
  const { errors, violations, foreign, failed } = page.seen;
  const faults = [...errors, ...violations, ...foreign, ...failed];
  const found = faults.filter((fault) => !page.expected.some((text) => fault.includes(text)));
  const told = [...new Set(found)].slice(0, MAX_TOLD);
  if (found.length > 0) throw new Error(`${page.url()}: ${found.length} faults:\n${told.join('\n')}`);
}

/** Signs in to the dashboard. */
async function signIn(page, credential = key) {
  await page.getByLabel('API key or token').fill(credential);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').first().waitFor();
}

/** Asks until there is an answer that is true, and hands it back. */
async function until(what, ask, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((go) => setTimeout(go, 20));
  }
}

/** Fails when the two are not the same, as JSON. */
function same(found, wanted, what = 'found') {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (left !== right) throw new Error(`${what}: ${left} is not ${right}`);
}

/** Fails when it is not so. */
function holds(is, what) {
  if (!is) throw new Error(`it does not hold: ${what}`);
}

/** Holds a page as it is now to WCAG 2.2 AA and axe's own best practice. */
async function accessible(page, { include, exclude = [] } = {}) {
  const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(`${axe};0`);
  const found = await page.evaluate(async ({ include, exclude }) => {
    const context = { include: include ?? document, exclude };
    const { violations } = await globalThis.axe.run(context, { preload: false, resultTypes: ['violations'] });
    return violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) }));
  }, { include, exclude });
  if (found.length > 0) throw new Error(`${page.url()}: ${JSON.stringify(found, null, 1)}`);
}

/** Does something with the page in each theme. */
async function inBothThemes(page, look) {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    // Until it is drawn, some elements still have the colours of the other one.
    await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => go()))));
    await look(theme);
  }
}

/** Fails when the page is wider than its window. */
async function fits(page) {
  const [inside, outside] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  holds(inside <= outside, `${page.url()} fits: ${inside} px in ${outside} px`);
}

/** Keeps a picture of the window, when pictures are wanted. */
async function screenshot(page, name, options = {}) {
  if (!SCREENSHOTS) return;
  fs.mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), animations: 'disabled', ...options });
}

module.exports = { NARROW, THEMES, WIDE, accessible, address, fits, holds, inBothThemes, key, quiet, run, same, screenshot, signIn, until };
