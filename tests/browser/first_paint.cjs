// How long the first paint takes in a browser that has nothing of the page: the figure is told, and no bar is set here.
'use strict';

const { run, until } = require('./browser.cjs');

run(async ({ open }) => {
  const page = await open();
  const paint = () => page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  const milliseconds = await until('the first paint', paint);
  const bytes = await page.evaluate(() =>
    performance.getEntriesByType('resource').reduce((sum, { transferSize }) => sum + transferSize, 0),
  );
  return { first_contentful_paint_ms: Math.round(milliseconds), transferred_bytes: bytes };
});
