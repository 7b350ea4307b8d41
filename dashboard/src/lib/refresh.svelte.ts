/** Makes the page look anew every so often: as the person chose, or as the range at hand wants. Not while it is hidden. */
import { clock } from './clock.svelte';
import { ownRefreshMs } from './range';
import { view } from './view.svelte';

/** How long between two looks, in milliseconds; 0 is never. */
export function refreshMs(): number {
  const { refresh, range } = view.current;
  if (!('preset' in range) || refresh === 'off') return 0;
  if (refresh === '10s') return 10_000;
  return refresh === '1m' ? 60_000 : ownRefreshMs(range);
}

/** To be called while the frame is set up. */
export function keepRefreshing(): void {
  $effect(() => {
    const every = refreshMs();
    if (every === 0) return;
    const look = () => {
      if (!document.hidden) clock.advance();
    };
    const timer = setInterval(look, every);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  });
}
