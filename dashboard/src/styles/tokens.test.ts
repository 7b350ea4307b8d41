import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const block = (selector: string) => {
  const from = css.indexOf('{', css.indexOf(selector));
  return Object.fromEntries([...css.slice(from, css.indexOf('}', from)).matchAll(/(--[\w-]+):\s*([^;]+);/g)].map((m) => [m[1]!, m[2]!]));
};
const themes = { light: block(':root {'), dark: block(":root[data-theme='dark']") };

const linear = (byte: number) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
const rgb = (hex: string) => [1, 3, 5].map((at) => linear(Number.parseInt(hex.slice(at, at + 2), 16))) as [number, number, number];
/** Of WCAG 2.2. */
function contrast(a: string, b: string): number {
  const [x, y] = [a, b].map((hex) => rgb(hex)).map(([r, g, blue]) => 0.2126 * r + 0.7152 * g + 0.0722 * blue) as [number, number];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

test('the dark theme is the same by choice and by the system', () => {
  expect(block(":root:not([data-theme='light'])")).toEqual(themes.dark);
});

test.each(Object.entries(themes))('%s: text is readable wherever it stands (4.5:1)', (_, tokens) => {
  const grounds = ['--page', '--surface', '--raised', '--sunken'];
  const pairs = [
    ...grounds.flatMap((ground) => ['--text', '--muted'].map((text) => [text, ground])),
    ...['--page', '--surface', '--raised', '--accent-soft'].map((ground) => ['--accent-text', ground]),
    ['--muted', '--bar'], ['--text', '--bar'], ['--on-accent', '--accent'], ['--on-accent', '--accent-text'],
    ['--good', '--surface'], ['--bad', '--surface'], ['--bad', '--bad-soft'], ['--text', '--bad-soft'], ['--warn', '--surface'],
  ];
  for (const [text, ground] of pairs) {
    expect(contrast(tokens[text!]!, tokens[ground!]!), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  }
});

test.each(Object.entries(themes))('%s: lines of charts, fields and the focus stand out (3:1)', (_, tokens) => {
  const lines = [1, 2, 3, 4, 5, 6, 7, 8].map((at) => `--series-${at}`);
  for (const name of [...lines, '--line-strong', '--focus']) {
    expect(contrast(tokens[name]!, tokens['--surface']!), name).toBeGreaterThanOrEqual(3);
  }
});

/** Viénot, Brettel and Mollon's question by Machado, Oliveira and Fernandes (2009): what is left of a colour, in OKLab. */
const SIGHT = {
  whole: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};

test.each(Object.entries(themes))('%s: no two series look alike, to colour-blind people either', (_, tokens) => {
  for (const [sight, matrix] of Object.entries(SIGHT)) {
    const seen = [1, 2, 3, 4, 5, 6, 7, 8].map((at) => {
      const color = rgb(tokens[`--series-${at}`]!);
      return oklab(matrix.map((row) => Math.min(1, Math.max(0, row[0]! * color[0] + row[1]! * color[1] + row[2]! * color[2]))));
    });
    for (const [at, a] of seen.entries()) {
      for (const [other, b] of seen.slice(0, at).entries()) {
        const distance = Math.hypot(...a.map((value, axis) => value - b[axis]!));
        expect(distance, `${sight}: ${at + 1} and ${other + 1}`).toBeGreaterThan(0.06);
      }
    }
  }
});

function oklab(color: number[]): number[] {
  const [r, g, b] = color as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
