/** A chart's data as uPlot draws them: its options, colours and stacking. The component around it adds what is not drawn. */
import type uPlot from 'uplot';
import { type Period, nextBucket } from './range';
import type { ChartData, Series } from './series';
import { wallClock } from './time_zone';

export type Kind = 'line' | 'area' | 'bars';

export interface Drawn {
  kind: Kind;
  data: ChartData;
  /** Dashed, over the others. */
  before: readonly Series[];
  /** The series that are shown, and the colour of each by its place among all. */
  shown: readonly number[];
}

/** The variable of the nth series' colour: its own, or the palette's, which has eight and then comes round. */
export function seriesColor(index: number, series?: Series): string {
  return series?.color ?? `--series-${(index % 8) + 1}`;
}

/** x in seconds, then the shown series (stacked: the whole pile first, so that the lower ones are drawn over it). */
export function plotData({ kind, data, before, shown }: Drawn): uPlot.AlignedData {
  const x = data.times.map((time) => time / 1000);
  const lines = shown.map((index) => data.series[index]!.values);
  const drawn = kind === 'line' ? lines : stacked(lines).reverse();
  return [x, ...drawn, ...before.map(({ values }) => values)] as uPlot.AlignedData;
}

/** Each series on top of those before it. */
export function stacked(lines: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const below: number[] = [];
  return lines.map((values) => values.map((value, at) => (below[at] = (below[at] ?? 0) + (value ?? 0))));
}

export function plotSeries(
  { kind, data, before, shown }: Drawn,
  color: (variable: string) => string,
  paths: uPlot.Series.PathBuilder | undefined,
): uPlot.Series[] {
  const order = kind === 'line' ? shown : [...shown].reverse();
  const alone = shown.length === 1;
  const lines = order.map((index): uPlot.Series => {
    const stroke = color(seriesColor(index, data.series[index]));
    if (kind === 'bars') return { stroke, fill: stroke, width: 0, points: { show: false }, ...(paths ? { paths } : {}) };
    const fill = kind === 'area' ? { fill: alone ? faint(stroke) : stroke } : {};
    return { stroke, width: 1.75, ...fill, points: { show: false }, spanGaps: false };
  });
  const dashed = before.map((_, at): uPlot.Series => {
    const stroke = kind === 'line' || alone ? color(seriesColor(shown[at] ?? at, data.series[shown[at] ?? at])) : color('--muted');
    return { stroke, width: 1.5, dash: [4, 4], alpha: 0.75, points: { show: false } };
  });
  return [{}, ...lines, ...dashed];
}

/** `size` is how wide the labels of y are; as wide as they need unless said otherwise. */
export function plotAxes(
  period: Period,
  color: (variable: string) => string,
  format: (n: number) => string,
  size?: number,
): uPlot.Axis[] {
  const font = '12px system-ui, sans-serif';
  const common = { stroke: color('--muted'), font, ticks: { show: false } };
  return [
    {
      ...common,
      grid: { show: false },
      space: 70,
      size: 28,
      values: (_, splits, __, ___, step) => splits.map((second) => timeLabel(second * 1000, step, period.zone)),
    },
    {
      ...common,
      grid: { stroke: color('--grid'), width: 1 },
      size: (_, values) => size ?? 14 + 7 * Math.max(3, ...(values ?? []).map((value) => value.length)),
      space: 36,
      values: (_, splits) => splits.map(format),
    },
  ];
}

/** Where x begins and ends: bars need the whole of the last bucket. */
export function plotRange(times: readonly number[], period: Period, kind: Kind): [number, number] {
  const first = times[0] ?? period.from;
  const last = times.at(-1) ?? period.to;
  const end = kind === 'bars' || times.length < 2 ? nextBucket(last, period.interval, period.zone) : last;
  return [first / 1000, end / 1000];
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function timeLabel(ms: number, step: number, zone: string): string {
  const { month, day, hour, minute, second } = wallClock(ms, zone);
  const two = (n: number) => String(n).padStart(2, '0');
  if (step >= 86_400 || (hour === 0 && minute === 0 && second === 0)) return `${day} ${MONTHS[month - 1]}`;
  return step < 60 ? `${two(hour)}:${two(minute)}:${two(second)}` : `${two(hour)}:${two(minute)}`;
}

/** The colour at a seventh of its strength; takes `#rrggbb`. */
function faint(color: string): string {
  return `${color}24`;
}
