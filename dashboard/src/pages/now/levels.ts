/** The steps of the map's colours: each stands for a few times as many as the one below, with round bounds. */
import { exactNumber, number } from '../../lib/format';

export const MAX_LEVELS = 5;

/** The least value of each level, ascending; the first is what the smallest value asks for. */
export function levelBounds(values: readonly number[]): number[] {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return [];
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  const ratio = Math.max(2, (most / least) ** (1 / MAX_LEVELS));
  const bounds = [1];
  for (let level = 1; level < MAX_LEVELS; level += 1) {
    const bound = round(least * ratio ** level);
    if (bound > bounds.at(-1)! && bound <= most) bounds.push(bound);
  }
  return bounds;
}

/** 0 is nothing at all; levels count from 1, and the darkest is always `MAX_LEVELS` so that few levels differ well. */
export function levelOf(value: number, bounds: readonly number[]): number {
  const at = bounds.filter((bound) => value >= bound).length;
  return at === 0 ? 0 : levelAt(at - 1, bounds);
}

/** The level that a bound's place among the bounds means. */
export function levelAt(place: number, bounds: readonly number[]): number {
  return MAX_LEVELS - (bounds.length - 1 - place);
}

/** "100 to 499", "500 and more". */
export function levelWords(place: number, bounds: readonly number[]): string {
  const [from, next] = [bounds[place] ?? 0, bounds[place + 1]];
  const short = (value: number) => (value < 10_000 ? exactNumber(value) : number(value));
  if (next === undefined) return `${short(from)} and more`;
  return next - 1 === from ? short(from) : `${short(from)} to ${short(next < 10_000 ? next - 1 : next)}`;
}

/** To 1, 2 or 5 times a power of ten. */
function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const digit = value / power;
  return Math.round((digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10) * power);
}
