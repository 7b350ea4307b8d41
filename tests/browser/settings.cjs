// Settings: keys are made, copied, rotated and revoked, and do what the page said against the API; projects, retention
// and limits hold at once; who may not administer is told so.
'use strict';

const { accessible, holds, inBothThemes, run, same, signIn, until } = require('./browser.cjs');
const { ADMIN, ask, call, makeKey, sendEvent } = require('./api.cjs');
const { focused, goTo, settled } = require('./moving.cjs');

run(async ({ open }) => {
  await sendEvent({ event_name: 'one', project_id: 'shop' });
  const page = await open({ at: '#/settings' });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page);
  await settled(page);
  await projects(page);
  await keys(page);
  await retention(page);
  await limits(page);
  await others(open);
}, { expected: ['status of 403', 'status of 409'] });

const dialog = (page) => page.getByRole('dialog');
const row = (page, name) => page.getByRole('region', { name: 'Keys' }).getByRole('row').filter({ hasText: name });
const button = (within, name) => within.getByRole('button', { name, exact: true });
const me = (credential) => call('GET', 'api/v1/me', undefined, credential);

async function projects(page) {
  await page.getByRole('tab', { name: 'Projects' }).click();
  const field = page.getByLabel('Name of the new project');
  await field.fill('no spaces');
  await page.getByText('A name has letters').waitFor();
  holds(await button(page, 'Make a project').isDisabled(), 'a bad name is not sent');
  await field.fill('made-here');
  await page.keyboard.press('Enter');
  await page.getByText('The project made-here is there').waitFor();
  await page.getByRole('region', { name: 'Projects', exact: true }).getByText('made-here').waitFor();
  const { items } = await ask('GET', `${ADMIN}/projects`);
  holds(items.some(({ id }) => id === 'made-here'), 'the API knows the project');
  await field.fill('made-here');
  await button(page, 'Make a project').click();
  await page.getByRole('alert').or(page.getByText('The project made-here is there')).first().waitFor();
}

async function keys(page) {
  await page.getByRole('tab', { name: 'Keys' }).click();
  await settled(page);
  await button(page, 'New key').click();
  await inBothThemes(page, () => accessible(page));
  await page.getByLabel('Name', { exact: true }).fill('from the page');
  await dialog(page).getByRole('checkbox', { name: /^read/ }).check();
  await until('the projects', () => dialog(page).getByRole('option', { name: 'made-here' }).count());
  await dialog(page).getByRole('combobox').first().selectOption('made-here');
  await dialog(page).getByRole('combobox').last().selectOption({ label: 'In a day' });
  await button(page, 'Make the key').click();
  const made = await newKey(page);
  const { body } = await me(made);
  same([body.project, [...body.scopes].sort()], ['made-here', ['ingest', 'read']], 'what the key may');
  same((await call('POST', 'api/v1/analytics', { event_name: 'sent' }, made)).status, 200, 'sending with it');
  same((await call('GET', `${ADMIN}/keys`, undefined, made)).status, 403, 'administering with it');
  const told = await row(page, 'from the page').textContent();
  for (const word of ['ingest', 'read', 'made-here', 'Works']) holds(told.includes(word), `${word} in ${told}`);
  holds(!(await page.content()).includes(made), 'the text is gone with its dialog');

  // Rotated: both work until the old one stops.
  await row(page, 'from the page').getByRole('button').click();
  await inBothThemes(page, () => accessible(page));
  await button(dialog(page), 'Rotate…').click();
  await dialog(page).getByRole('combobox').selectOption({ label: 'In an hour' });
  await button(dialog(page), 'Rotate the key').click();
  const second = await newKey(page);
  holds(second !== made, 'another text');
  same([(await me(made)).status, (await me(second)).status], [200, 200], 'both while they overlap');
  await row(page, 'Being replaced').waitFor();

  // Revoked, after a second thought: refused from the next request on.
  await row(page, 'Being replaced').getByRole('button').click();
  await button(dialog(page), 'Revoke…').click();
  await inBothThemes(page, () => accessible(page));
  await button(dialog(page), 'Back').click();
  same((await me(made)).status, 200, 'after going back');
  await button(dialog(page), 'Revoke…').click();
  await button(dialog(page), 'Yes, revoke it').click();
  await dialog(page).waitFor({ state: 'detached' });
  same([(await me(made)).status, (await me(second)).status], [401, 200], 'the revoked one alone is refused');
  await row(page, 'Being replaced').waitFor({ state: 'detached' });
  await page.getByLabel('Also those that work no more').check();
  await row(page, 'Revoked').waitFor();

  // Every change is in the list of changes.
  await page.getByRole('tab', { name: 'Changes' }).click();
  for (const words of ['made the key', 'rotated the key', 'revoked the key', 'made the project made-here']) {
    await page.getByRole('main').getByText(words).first().waitFor();
  }
}

/** The text of a new key, shown once: copied, and put away. */
async function newKey(page) {
  const text = page.getByLabel('The key', { exact: true });
  await text.waitFor();
  holds((await focused(page)).inDialog, 'the focus stays in the dialog when its content changes');
  await button(page, 'Copy the key').click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  same(copied, await text.textContent(), 'what is copied');
  await accessible(page);
  await button(page, 'I have it').click();
  await dialog(page).waitFor({ state: 'detached' });
  return copied;
}

/** Longer is saved at once, shorter is asked about; cancelled, nothing has changed. */
async function retention(page) {
  const saved = async () => (await ask('GET', ADMIN)).settings.retention_days.events;
  await page.getByRole('tab', { name: 'Retention' }).click();
  await settled(page);
  const field = page.getByRole('textbox').first();
  const save = button(page, 'Save');
  holds(await save.isDisabled(), 'nothing to save at first');
  await field.fill('0');
  await page.getByText(/^A whole number from 1/).waitFor();
  holds(await save.isDisabled(), 'a bad number is not sent');
  await field.fill('400');
  await save.click();
  await button(dialog(page), 'Cancel').click();
  same(await saved(), null, 'after cancelling');
  await save.click();
  await dialog(page).getByText('older than 400 days').waitFor();
  await inBothThemes(page, () => accessible(page));
  await button(dialog(page), 'Yes, remove them').click();
  await until('400 days', async () => (await saved()) === 400);
  await settled(page);
  await field.fill('');
  await save.click();
  await until('for ever', async () => (await saved()) === null);
}

async function limits(page) {
  const saved = async () => (await ask('GET', ADMIN)).settings.limits.max_projects;
  await page.getByRole('tab', { name: 'Limits' }).click();
  await settled(page);
  const field = page.getByLabel(/^Projects/);
  await field.fill('many');
  await page.getByText(/^A whole number from 1/).waitFor();
  await field.fill('1,000');
  await button(page, 'Save').click();
  await until('the limit', async () => (await saved()) === 1000);
  await page.reload();
  await signIn(page);
  await settled(page);
  same(await field.inputValue(), '1000', 'the limit after a reload');
  await field.fill('');
  await button(page, 'Save').click();
  await until('the default', async () => (await saved()) === null);
}

/** Who may not administer has no entry for it, and the address says why; an administrator of one project likewise. */
async function others(open) {
  for (const [scopes, more, told] of [
    [['read'], {}, 'are for administrators'],
    [['read', 'admin'], { project: 'shop' }, 'Your key is for the project shop alone'],
  ]) {
    const page = await open({ at: '#/settings' });
    await signIn(page, (await makeKey(scopes, more)).key);
    await page.getByRole('main').getByText(told).waitFor();
    const entries = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Settings' }).count();
    same(entries, scopes.includes('admin') ? 1 : 0, 'entries of the navigation');
    const asked = page.seen.requests.filter((request) => request.includes('/api/v1/admin/'));
    same(asked, [], 'what was asked for without the right to it');
    await inBothThemes(page, () => accessible(page));
    await goTo(page, '#/now');
  }
}
