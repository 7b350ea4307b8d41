/** What went wrong, in a sentence for the person who looks, and whether trying again may help. */
import { TidegaugeError } from '@tidegauge/client';

export interface Failure {
  title: string;
  detail: string;
  status: number;
  again: boolean;
  request_id: string | null;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof TidegaugeError)) {
    const detail = error instanceof Error ? error.message : String(error);
    return { title: 'This page stumbled', detail, status: 0, again: true, request_id: null };
  }
  const { status } = error;
  return {
    title: title(status),
    detail: detail(error),
    status,
    again: status === 0 || status === 408 || status === 429 || status >= 500,
    request_id: error.problem?.request_id ?? null,
  };
}

function title(status: number): string {
  if (status === 0) return navigator.onLine === false ? 'You are offline' : 'The server does not answer';
  if (status === 400 || status === 422) return 'The server does not understand this question';
  if (status === 401) return 'You are signed out';
  if (status === 403) return 'This key may not look at this';
  if (status === 404) return 'There is no such thing here';
  if (status === 409) return 'It cannot be done as things are';
  if (status === 429) return 'Too many questions at once';
  if (status === 503) return 'The server is busy';
  return 'The server failed to answer';
}

function detail(error: TidegaugeError): string {
  const { status, message, retry_after_ms } = error;
  const seconds = retry_after_ms === null ? null : Math.max(1, Math.ceil(retry_after_ms / 1000));
  if (status === 0) return 'Check that it runs and that you can reach it. What you see may be out of date.';
  if (status === 401) return 'The key or token is not valid, has expired or was revoked.';
  if (status === 403) return 'It needs a key with the scope for it: `read` for the reports, `admin` for the settings.';
  if (status === 429) return `The limit of this key or tenant is used up. It frees in ${seconds ?? 'a few'} seconds.`;
  if (status === 503) return seconds === null ? sentence(message) : `${sentence(message)} Try again in ${seconds} seconds.`;
  return sentence(message);
}

function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return 'It gave no reason.';
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
