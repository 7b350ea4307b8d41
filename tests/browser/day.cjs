// Yesterday, as the demo filled it: a range that stands still, what the page says of it, and what the API does.
'use strict';

const { holds, until } = require('./browser.cjs');
const { call } = require('./api.cjs');

/** What the browser notes where a slow build is busy for a moment, and the page asks once more. */
const BUSY = ['status of 503', 'status of 429'];
const DAY_MS = 86_400_000;
const to = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
const from = new Date(to.getTime() - DAY_MS);

/** The whole UTC day before this one; live traffic adds nothing to it. */
const yesterday = { from: from.toISOString(), to: to.toISOString() };
/** The same in the dashboard's address, and in the path of `/api/activity/...`. */
const range = `from=${yesterday.from}&to=${yesterday.to}`;
const date = `${from.getUTCDate()}/${from.getUTCMonth() + 1}/${from.getUTCFullYear()}`;
const dates = `${date}/${date}`;

/** Asks the API; where it is busy with the page's questions the test waits its turn, as the page does. */
async function ask(method, path, body) {
  const { status, body: answer } = await until(`${method} ${path}`, async () => {
    const tried = await call(method, path, body);
    return tried.status === 503 || tried.status === 429 ? null : tried;
  });
  holds(status === 200, `${method} ${path} goes well: ${status} ${JSON.stringify(answer)}`);
  return answer;
}

/** The rows of a query over yesterday. */
async function rows(table, more = {}) {
  const answer = await ask('POST', 'api/v1/query', { table, ...yesterday, ...more });
  holds(!answer.truncated, `${table} ${JSON.stringify(more)} is answered whole`);
  return answer.rows;
}

/** The one row of a query without groups. */
const total = async (table, metrics, filters = []) => (await rows(table, { metrics, filters }))[0];

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });
/** A number as the page tells it exactly, in a title. */
const exact = (value) => (value === null || value === undefined ? '–' : whole.format(value));

/** A bar list as `[[value of the column, exact number], ...]` in its order. What is not set is called as the page does. */
function ranked(page, label) {
  const items = page.getByRole('list', { name: label, exact: true }).first().getByRole('listitem');
  return items.evaluateAll((all) =>
    all.map((row) => [row.querySelector('.name').title.split('\n')[0], Number(row.querySelector('.value').title.replaceAll(',', ''))]),
  );
}

/** Waits until what is read from the page is what it should be. */
async function becomes(what, read, wanted) {
  let found;
  const is = async () => JSON.stringify((found = await read())) === JSON.stringify(wanted);
  await until(what, is).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
  });
}

module.exports = { BUSY, ask, becomes, dates, exact, range, ranked, rows, total, yesterday };
