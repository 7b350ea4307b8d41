/** Countries' flags, where the computer can draw them: they are two letters that some fonts make one picture of. */

let drawn: boolean | undefined;

/** "DE" is its flag and a space; empty for what is no country's code, and where it would be two boxes. */
export function flag(code: string | null): string {
  if (code === null || !/^[A-Za-z]{2}$/.test(code)) return '';
  drawn ??= isDrawn();
  if (!drawn) return '';
  return `${String.fromCodePoint(...[...code.toUpperCase()].map((letter) => 0x1f1e6 + letter.charCodeAt(0) - 65))} `;
}

/** A flag has colours; letters and boxes have that of the text. */
function isDrawn(): boolean {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (context === null) return false;
  context.font = '16px system-ui, sans-serif';
  context.fillStyle = '#000';
  context.fillText('\u{1f1e9}\u{1f1ea}', 0, 16);
  const { data } = context.getImageData(0, 0, 32, 24);
  for (let at = 0; at < data.length; at += 4) if (data[at]! > 40 || data[at + 1]! > 40 || data[at + 2]! > 40) return true;
  return false;
}
