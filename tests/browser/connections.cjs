// Connections: the page's numbers are those of /api/connection-analytics/summary, and any of them narrows the page.
'use strict';

const { holds, run, same, signIn, until } = require('./browser.cjs');
const { ask, tellConnections } = require('./api.cjs');
const { bars, figure, settled, tabTo } = require('./moving.cjs');

run(async ({ open }) => {
  await tellConnections();
  const page = await open({ at: '#/connections' });
  await signIn(page);
  await settled(page);
  await agrees(page, 'all');

  // A click narrows everything, the chip says so, and another click takes it back.
  await list(page, 'Service').getByRole('button', { name: /^rooms/ }).click();
  await agrees(page, 'one service', 'serviceName=rooms');
  same(hash(page), '#/connections?f=service_name:eq:rooms', 'the address');
  const chips = page.getByRole('list', { name: 'Filters' });
  same(await chips.getByRole('listitem').count(), 1, 'chips');
  await list(page, 'Protocol').getByRole('button', { name: /^MQTT/ }).click();
  await agrees(page, 'two filters', 'serviceName=rooms&protocolName=MQTT');
  await list(page, 'Data center').getByRole('button', { name: /^eu-1/ }).click();
  await agrees(page, 'three filters', 'serviceName=rooms&protocolName=MQTT&dataCenter=eu-1');
  await page.getByRole('button', { name: 'Clear all' }).click();
  await agrees(page, 'all again');

  // With Shift it is left out: the chip turns it round, and a cross takes it away.
  await list(page, 'Service').getByRole('button', { name: /^rooms/ }).click({ modifiers: ['Shift'] });
  await agrees(page, 'without a service', 'serviceName=quotes');
  await chips.getByRole('button').first().click();
  await agrees(page, 'turned round', 'serviceName=rooms');
  await chips.getByRole('button', { name: /^Remove the filter/ }).click();
  await agrees(page, 'without a filter');

  // The same by keyboard alone: to the bar, Enter, and Enter again.
  await page.getByRole('heading', { level: 1 }).click();
  await tabTo(page, /^quotes/);
  await page.keyboard.press('Enter');
  await agrees(page, 'by keyboard', 'serviceName=quotes');
  await page.keyboard.press('Space');
  await agrees(page, 'by keyboard, taken back');
  await page.keyboard.press('Enter');
  await page.keyboard.press('x');
  await until('X to clear it', () => hash(page) === '#/connections');

  await longest(page);
  await charts(page);
});

const hash = (page) => new URL(page.url()).hash;
const list = (page, name) => page.getByRole('list', { name, exact: true });
const sum = (rows, name) => rows.reduce((all, row) => all + row[name], 0);

/** Sums of the summary's rows by one member, as the page lists them. */
function by(rows, member) {
  const sums = {};
  for (const row of rows) sums[row[member]] = (sums[row[member]] ?? 0) + row.totalConnections;
  return sums;
}

/** Waits until the page tells what the summary does; the last day, which is the default of both. */
async function agrees(page, what, query = '') {
  const sorted = (of) => Object.entries(of).sort();
  const rows = await ask('GET', `api/connection-analytics/summary?${query}`);
  holds(rows.length > 0, `${what}: there is something to compare`);
  const wanted = {
    tiles: [sum(rows, 'activeConnections'), sum(rows, 'newConnectionsInPeriod')].map(String),
    service: sorted(by(rows, 'serviceName')),
    protocol: sorted(by(rows, 'protocolName')),
    center: sorted(by(rows, 'dataCenter')),
  };
  let found;
  const read = async () => {
    found = {
      tiles: [await figure(page, 'Open now'), await figure(page, 'New')],
      service: sorted(await bars(page, 'Service')),
      protocol: sorted(await bars(page, 'Protocol')),
      center: sorted(await bars(page, 'Data center')),
    };
    return JSON.stringify(found) === JSON.stringify(wanted);
  };
  await until(`the summary's numbers, ${what}`, read).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
  });
  // Lives go on between the two answers.
  const total = sum(rows, 'totalConnections');
  const mean = rows.reduce((all, row) => all + row.averageConnectionDurationSeconds * row.totalConnections, 0) / total;
  const shown = Number((await figure(page, 'Mean duration')).replaceAll(',', ''));
  holds(Math.abs(shown - mean) < 300, `${what}: the mean duration ${shown} is about ${mean}`);
}

/** Those open the longest stand first, and one of them opens to all that is known of it. */
async function longest(page) {
  const rows = page.getByRole('region', { name: 'Connections open the longest' }).locator('tbody tr');
  const first = await rows.first().locator('td').allTextContents();
  same(first[0].trim(), 'c-1', 'open the longest');
  same((await page.getByText('Why connections ended').count()), 1, 'the reasons');
  await rows.first().getByRole('button').click();
  const dialog = page.getByRole('dialog', { name: 'Connection' });
  same(await dialog.locator('dd').first().textContent().then((text) => text.trim()), 'c-1', 'in the dialog');
  await dialog.getByRole('button', { name: 'us-1' }).click();
  await dialog.waitFor({ state: 'detached' });
  await agrees(page, 'narrowed from the dialog', 'dataCenter=us-1');
  await page.goBack();
  await agrees(page, 'back');
}

/** A tile chooses what is drawn. */
async function charts(page) {
  await page.getByRole('button', { name: /^New/ }).first().click();
  await page.getByRole('heading', { name: 'New connections over time' }).waitFor();
  same(hash(page), '#/connections?chart=new', 'the address');
  await page.goBack();
  await page.getByRole('heading', { name: /^Open connections over time/ }).waitFor();
}
