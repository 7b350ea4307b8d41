// A reverse proxy that puts the server below a path and strips it again, as nginx does for
// `location /a/b/ { proxy_pass http://server/; }`.
'use strict';

const http = require('node:http');

/** Starts one before `server`; `address` is where the page is then, and `paths` what was asked for. */
async function behind(server, prefix = '/tools/tidegauge/') {
  const to = new URL(server);
  const paths = [];
  const proxy = http.createServer((asked, answer) => {
    paths.push(asked.url);
    if (!asked.url.startsWith(prefix)) return answer.writeHead(404).end();
    const path = asked.url.slice(prefix.length - 1);
    const passed = http.request({ host: to.hostname, port: to.port, method: asked.method, path, headers: asked.headers }, (from) => {
      answer.writeHead(from.statusCode, from.headers);
      from.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  });
  await new Promise((listening) => proxy.listen(0, '127.0.0.1', listening));
  return { address: `http://127.0.0.1:${proxy.address().port}${prefix}`, paths, stop: () => proxy.closeAllConnections() ?? proxy.close() };
}

module.exports = { behind };
