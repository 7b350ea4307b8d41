/** Short messages at the page's edge, read out by screen readers, gone by themselves. */

const SHOWN_MS = 5_000;
const MAX_SHOWN = 3;
let shown = $state.raw<{ id: number; text: string }[]>([]);
let last = 0;

export const toasts = {
  get shown(): readonly { id: number; text: string }[] {
    return shown;
  },
};

export function toast(text: string): void {
  const id = (last += 1);
  shown = [...shown, { id, text }].slice(-MAX_SHOWN);
  setTimeout(() => (shown = shown.filter((one) => one.id !== id)), SHOWN_MS);
}
