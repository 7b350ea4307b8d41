// Now: an empty server fills by itself, numbers move, an event is there within two seconds, and the feed stands still
// when one reads it. To be run on a server that holds nothing yet.
'use strict';

const { address, holds, key, run, same, signIn, until } = require('./browser.cjs');
const { ask, makeKey, sendEvent, tellConnections, tellEvents } = require('./api.cjs');
const { bars, figure, settled } = require('./moving.cjs');

/** What the product promises, in milliseconds; the test waits longer, and tells. */
const PROMISE = 2_000;

run(async ({ open }) => {
  const page = await open();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page);

  // Nothing yet: the page says how to send something, with one's own key, which is shown on request alone.
  const line = page.getByLabel('A curl command');
  await line.waitFor();
  holds((await line.textContent()).includes(`${address}api/v1/analytics`), 'the line names this server');
  holds(!(await line.textContent()).includes(key), 'the key is hidden at first');
  await page.getByRole('button', { name: 'Show the key' }).click();
  await until('the key', async () => (await line.textContent()).includes(`Bearer ${key}'`));
  await page.getByRole('button', { name: 'Copy with the key' }).click();
  await page.getByText('Copied', { exact: true }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  same(copied.split('\n').map((part) => part.trim()), (await line.textContent()).split('\n').map((part) => part.trim()), 'what is copied');
  const reader = await open();
  await signIn(reader, (await makeKey(['read'])).key);
  await reader.getByText('Your key cannot send events').waitFor();
  holds((await reader.getByLabel('A curl command').textContent()).includes('Bearer $TIDEGAUGE_KEY'), 'a reader has no key to show');

  // What the line does is what it says: its own body, sent, and both pages fill by themselves.
  await sendEvent(JSON.parse(/-d '(.*)'/s.exec(copied)[1]));
  for (const one of [page, reader]) {
    await feed(one).getByText('hello_tidegauge').waitFor();
    await line.waitFor({ state: 'detached' });
  }
  await reader.context().close();

  // Events that land while it is looked at are in the feed; how fast is told.
  const delays = [];
  for (let at = 0; at < 5; at += 1) {
    const name = `landed_${at}`;
    const begun = Date.now();
    const shown = feed(page).getByText(name).waitFor().then(() => Date.now() - begun);
    await sendEvent({ event_name: name, country: 'DE', project_id: 'shop', user_id: `reader-${at}` });
    delays.push(await shown);
  }
  holds(Math.min(...delays) < PROMISE, `an event is there within ${PROMISE} ms: ${delays}`);

  // The live numbers are the API's, and move.
  same(await figure(page, 'Open connections'), '0', 'open connections');
  await tellConnections();
  await tellEvents();
  const { activeConnections } = await ask('GET', 'api/realtime/analytics');
  await until('the connections', async () => (await figure(page, 'Open connections')) === String(activeConnections));
  const rates = [];
  for (let at = 0; at < 3; at += 1) {
    await sendEvent({ event_name: 'pulse' });
    const moved = async () => (await figure(page, 'Events per second')) !== '0';
    await until('events per second to rise', moved);
    rates.push(await figure(page, 'Events per second'));
    await until('events per second to fall', async () => !(await moved()));
  }
  await ask('POST', 'api/v1/requests', {
    requests: [200, 200, 200, 500].map((response_code) => ({ api_id: 'orders', path: '/orders', response_code })),
  });
  await until('the error rate', async () => (await tileText(page, 'Error rate')).startsWith('25%'));

  await standsStill(page);
  await narrows(page);
  await agrees(page);
  return { event_in_feed_ms: delays, events_per_second: rates };
});

const feed = (page) => page.getByRole('region', { name: 'Live events, newest first' });
const names = (page) => feed(page).locator('.line .name').allTextContents();
const tileText = (page, label) => page.locator('.tile', { hasText: label }).locator('.figure').textContent();

/** Paused, it counts what waits; going on, it shows that. */
async function standsStill(page) {
  const pause = page.getByRole('button', { name: 'Pause', exact: true });
  await pause.click();
  const before = await names(page);
  for (const name of ['waits_1', 'waits_2', 'waits_3']) await sendEvent({ event_name: name, country: 'SE' });
  const waiting = page.getByRole('button', { name: '3 new events wait' });
  await waiting.waitFor();
  same(await names(page), before, 'the feed while it is paused');
  await waiting.click();
  await until('what waited', async () => JSON.stringify((await names(page)).slice(0, 3)) === '["waits_3","waits_2","waits_1"]');
  await pause.waitFor();

  // By the keyboard too, and an opened row holds it as well.
  await page.keyboard.press('p');
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  await page.keyboard.press('p');
  await feed(page).getByRole('button', { name: 'waits_3' }).click();
  await sendEvent({ event_name: 'behind' });
  await page.getByRole('button', { name: '1 new event waits' }).waitFor();
  await feed(page).getByRole('definition').getByRole('button', { name: /^(SE|Sweden)$/ }).click();
  await page.getByRole('list', { name: 'Filters' }).getByRole('listitem').waitFor();
  same(new URL(page.url()).hash, '#/now?f=country:eq:SE', 'the address');
  await page.getByRole('button', { name: /^Remove the filter/ }).click();
  await page.getByRole('button', { name: 'Resume' }).click();
  await feed(page).getByText('behind').waitFor();
}

/** A name and a text narrow the feed, also for what lands later. */
async function narrows(page) {
  await page.getByLabel('Event name').selectOption('landed_1');
  await until('one name', async () => JSON.stringify(await names(page)) === '["landed_1"]');
  await sendEvent({ event_name: 'landed_2', user_id: 'late' });
  await sendEvent({ event_name: 'landed_1', user_id: 'late' });
  await until('another one of that name', async () => JSON.stringify(await names(page)) === '["landed_1","landed_1"]');
  await page.getByLabel('Event name').selectOption('');
  await sendEvent({ event_name: 'landed_3', user_id: 'late' });
  await feed(page).getByText('landed_3').first().waitFor();
  const search = page.getByLabel('Search in the events');
  await search.fill('LATE');
  await until('the text', async () => (await names(page)).join() === 'landed_3,landed_1');
  holds(page.url().endsWith('#/now?q=LATE'), `the text is in the address: ${page.url()}`);
  await search.fill('nobody-has-this');
  await page.getByText('No event like this yet').waitFor();
  await search.fill('');
}

/** The map and the list beside it tell what /api/v1/query answers. */
async function agrees(page) {
  await page.goto(new URL('#/now?range=7d&refresh=off', address).href);
  await settled(page);
  await page.getByRole('button', { name: 'Look anew' }).click();
  const from = new Date(Date.now() - 8 * 86_400_000).toISOString();
  const { rows } = await ask('POST', 'api/v1/query', { table: 'events', from, group_by: ['country'] });
  const region = new Intl.DisplayNames('en', { type: 'region' });
  const wanted = Object.fromEntries(rows.map(({ country, count }) => [country === null ? '(unknown)' : region.of(country), count]));
  const sorted = (of) => Object.entries(of).sort();
  await until(`the countries ${JSON.stringify(wanted)}`, async () =>
    JSON.stringify(sorted(await bars(page, 'Country'))) === JSON.stringify(sorted(wanted)));
  const map = page.getByRole('group', { name: 'World map: events by country' });
  const told = await map.locator('[data-code]').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
  const drawn = Object.fromEntries(told.map((text) => [text.split(':')[0], Number(/: ([\d,]+) event/.exec(text)[1].replaceAll(',', ''))]));
  delete wanted['(unknown)'];
  same(sorted(drawn), sorted(wanted), 'the map');

  // The map filters: Enter on a country, and again.
  await map.locator('[data-code="FR"]').focus();
  await page.keyboard.press('Enter');
  await until('the filter', () => page.url().includes('f=country:eq:FR'));
  await until('France alone', async () => JSON.stringify(Object.keys(await bars(page, 'Country'))) === '["France"]');
  await page.goBack();
  await until('all again', async () => Object.keys(await bars(page, 'Country')).length === rows.length);
}
