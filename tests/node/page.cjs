// A visit on a web page: the client in what it takes for a browser, where it sends with `sendBeacon`, describes
// itself, and keeps what happens before it knows that it is online: the first event arrives before its session.
'use strict';

const { posts, until, finish } = require('./contained.cjs');

function storage() {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, String(value)),
    removeItem: (key) => items.delete(key),
  };
}

const browser = {
  window: {},
  localStorage: storage(),
  sessionStorage: storage(),
  navigator: {
    userAgent: 'Mozilla/5.0 (test)',
    // With a text for a body, both are a `text/plain;charset=UTF-8` POST; a beacon's answer nobody sees.
    sendBeacon: (url, body) => {
      fetch(url, { method: 'POST', body });
      return true;
    },
  },
};
for (const [name, value] of Object.entries(browser)) {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}

const { GridSignals, getOnlineStatusSubscription } = require('@ombori/grid-signals');

async function visit() {
  const signals = new GridSignals();
  await signals.init({
    tenantId: process.env.TENANT,
    environment: 'production',
    dataResidency: 'EU',
    country: 'SE',
    appId: 'shop',
    installationId: 'web',
  });
  const { sessionId, clientId } = signals.getInstanceProps();
  const postsWhileOffline = posts.length;
  await until('being online', () => getOnlineStatusSubscription().isOnline);
  await signals.sendContentView({ title: 'Start', url: 'https://shop.example/?a=b', localizedTitle: 'Början' });
  await until('what was kept', () => posts.length >= 5);
  await finish({ sessionId, clientId, postsWhileOffline });
}

visit().catch((error) => {
  console.error(error);
  process.exit(1);
});
