// The API beside the page: calls of a test's own, keys to sign in with, and a few facts to look at.
'use strict';

const { address, holds, key } = require('./browser.cjs');

const ADMIN = 'api/v1/admin/tenants/default';

/** Calls a route; hands back `{ status, body }`. */
async function call(method, path, body, credential = key) {
  const answer = await fetch(new URL(path, address), {
    method,
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
}

/** Calls a route that has to answer well; hands back the body. */
async function ask(method, path, body, credential = key) {
  const answer = await call(method, path, body, credential);
  holds(answer.status < 300, `${method} ${path} goes well: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Makes a key: `{ key, id, ... }`. */
const makeKey = (scopes, more = {}) => ask('POST', `${ADMIN}/keys`, { scopes, ...more });
const revokeKey = (id) => ask('DELETE', `${ADMIN}/keys/${id}`);

const sendEvent = (event) => ask('POST', 'api/v1/analytics', event);

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

const COUNTRIES = ['DE', 'DE', 'DE', 'FR', 'FR', 'SE', null];
const NAMES = ['page_view', 'page_view', 'purchase', 'sign_up'];
const PROJECTS = ['shop', 'kiosk'];

/** 84 events of the last hours: three names, three countries and none, two projects. */
async function tellEvents() {
  const events = Array.from({ length: 84 }, (_, at) => ({
    event_name: NAMES[at % NAMES.length],
    project_id: PROJECTS[at % PROJECTS.length],
    timestamp: ago(120 + at * 100),
    page_url: `https://shop.example/item/${at % 5}`,
    user_id: `user-${at % 9}`,
    properties: { at },
    ...(COUNTRIES[at % COUNTRIES.length] === null ? {} : { country: COUNTRIES[at % COUNTRIES.length] }),
  }));
  await ask('POST', 'api/v1/analytics/batch', { events });
}

const SERVICES = ['rooms', 'rooms', 'quotes'];
const CENTERS = ['eu-1', 'us-1'];

/** 18 connections of the last two hours; every third was closed after ten minutes, the others are open. */
async function tellConnections() {
  const connections = [];
  for (let at = 0; at < 18; at += 1) {
    const opened = 7_200 - at * 300;
    const message = {
      connection_id: `c-${at}`,
      service_name: SERVICES[at % SERVICES.length],
      protocol_name: at % 4 === 0 ? 'MQTT' : 'WebSocket',
      data_center: CENTERS[at % CENTERS.length],
      api_key: `visitor-${at % 5}`,
      ip: '203.0.113.195',
    };
    connections.push({ ...message, state: 'open', at: ago(opened) });
    if (at % 3 === 0) connections.push({ ...message, state: 'close', at: ago(opened - 600) });
    else connections.push({ ...message, state: 'activity', at: ago(1) });
  }
  await ask('POST', 'api/v1/connections', { connections });
}

module.exports = { ADMIN, ago, ask, call, makeKey, revokeKey, sendEvent, tellConnections, tellEvents };
