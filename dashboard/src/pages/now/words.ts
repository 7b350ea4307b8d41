/** What happened to the stream, and what an event is about, in words. */
import type { LiveEvent } from '@tidegauge/client';
import { country, exactNumber } from '../../lib/format';

/** Takes the reasons of the stream's last message, and those that the client gives itself. */
export function cutWords(reason: string): string {
  if (reason === 'slow_reader') return 'The server cut the stream: this page was too slow to read it.';
  if (reason === 'server_stopping') return 'The server is stopping or starting anew.';
  if (reason === 'the server fell silent') return 'The server has not said anything for a while.';
  if (reason === 'the stream ended') return 'The stream was cut.';
  if (/fetch|network/i.test(reason)) return 'The server cannot be reached.';
  return `The stream was cut: ${reason.replace(/\.$/, '')}.`;
}

/** What an event is about, beside its name: where, which page, who. */
export function eventWords(event: LiveEvent): string {
  const text = (column: string) => (typeof event[column] === 'string' ? (event[column] as string) : null);
  const page = text('page_url')?.replace(/^https?:\/\/[^/]+(?=\/)/, '') ?? text('page_title');
  return [page, text('country') && country(text('country')), text('user_id') ?? text('client_id')].filter(Boolean).join(' · ');
}

export function waitingWords(waiting: number): string {
  return waiting === 1 ? '1 new event' : `${exactNumber(waiting)} new events`;
}
