// Lets the client reach the server under test and nothing else, and notes what it posts and what it is answered.
// To be required before the client, which uses the global `fetch` and, in a page, `navigator.sendBeacon`.
'use strict';

const base = process.env.GRID_SIGNALS_API;
const fetchOverNetwork = globalThis.fetch;

/** Every post so far: `{route, event, session, time, status, answer}`; the last two once it is answered. */
const posts = [];

globalThis.fetch = async (url, options = {}) => {
  // The client asks a server of its maker's every ten seconds whether it is online.
  if (String(url).includes('is-online.json')) return new Response('{"isOnline": true}');
  if (!String(url).startsWith(`${base}/`)) throw new Error('only the server under test may be reached');
  const body = JSON.parse(options.body);
  // The very moment that the client wrote, as its own language reads it.
  const written = body.t || body.d || body.ah;
  const time = written && new Date(written).toISOString();
  const post = { route: String(url).slice(base.length), event: body.s, session: body.b, time };
  posts.push(post);
  const response = await fetchOverNetwork(url, options);
  post.status = response.status;
  post.answer = await response.clone().json();
  return response;
};

/** Waits until `isSo` holds, for half a minute at most. */
async function until(what, isSo) {
  const end = Date.now() + 30_000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Prints the outcome once every post is answered, and ends the process, which the client's timers would keep. */
async function finish(outcome) {
  await until('the answers', () => posts.every((post) => post.status !== undefined));
  process.stdout.write(JSON.stringify({ ...outcome, posts }), () => process.exit(0));
}

module.exports = { posts, until, finish };
