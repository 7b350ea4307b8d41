/** A session's events as steps: how long after the start each came, and how long nothing happened before it. */
import type { Row } from '@tidegauge/client';

export interface Step {
  kind: 'event' | 'start';
  key: string;
  event: Row | null;
  /** Since the start, seconds; negative before it. */
  at_seconds: number;
  /** Since the step before, seconds; 0 for the first. */
  gap_seconds: number;
  instant: string;
}

/** A pause that is worth words. */
export const PAUSE_SECONDS = 60;

/** The steps in the order of time. `created` is when the session's own row says that it began, if it has one. */
export function stepsOf(events: readonly Row[], created: string | null): Step[] {
  const ordered = [...events].sort((a, b) => micros(a) - micros(b));
  const start = created ?? (ordered[0] ? String(ordered[0]['event_time']) : null);
  if (start === null) return [];
  const steps: Omit<Step, 'gap_seconds'>[] = ordered.map((event) => ({
    kind: 'event',
    key: String(event['event_id']),
    event,
    at_seconds: secondsBetween(start, String(event['event_time'])),
    instant: String(event['event_time']),
  }));
  if (created !== null) {
    const at = steps.findIndex(({ at_seconds }) => at_seconds >= 0);
    const begun = { kind: 'start', key: 'start', event: null, at_seconds: 0, instant: created } as const;
    steps.splice(at < 0 ? steps.length : at, 0, begun);
  }
  return steps.map((step, at) => ({ ...step, gap_seconds: at === 0 ? 0 : step.at_seconds - steps[at - 1]!.at_seconds }));
}

/** "+1:05", "−0:04", "+1:02:03"; what is within the first second shows its milliseconds. */
export function offset(seconds: number): string {
  const sign = seconds < 0 ? '−' : '+';
  const exact = Math.abs(seconds);
  if (exact > 0 && exact < 1) return `${sign}${exact.toFixed(3).replace(/0+$/, '').replace(/\.$/, '')} s`;
  const whole = Math.floor(exact);
  const two = (n: number) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60)];
  return `${sign}${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

/** How far apart two steps stand, in pixels: longer pauses further, but never so far that they are lost. */
export function spacing(gap_seconds: number): number {
  return Math.round(Math.min(44, 9 * Math.log10(1 + Math.max(0, gap_seconds))));
}

/** Instants may carry microseconds, which a `Date` drops. */
function microsOf(instant: string): number {
  const digits = /\.(\d+)/.exec(instant)?.[1] ?? '';
  const whole = Date.parse(instant.replace(/\.\d+/, ''));
  return whole * 1_000 + Number(digits.padEnd(6, '0').slice(0, 6));
}

const micros = (event: Row): number => microsOf(String(event['event_time']));

function secondsBetween(from: string, to: string): number {
  return (microsOf(to) - microsOf(from)) / 1_000_000;
}
