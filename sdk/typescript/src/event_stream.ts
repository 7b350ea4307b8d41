/**
 * Reads a `text/event-stream` body (WHATWG HTML, 9.2.6) from any `ReadableStream`, because `EventSource` cannot
 * send a credential in a header. It splits and decodes; reconnecting is `live.ts`'s.
 */

export interface StreamMessage {
  event: string;
  data: string;
  /** The last id that the stream gave, in this message or before it. */
  id: string | null;
}

/** A message longer than this ends the stream with an error, so that no server can fill the reader's memory. */
export const MAX_MESSAGE_CHARS = 4 * 1024 * 1024;

/** The messages of a stream, and through `onRetry` the pause in milliseconds that it asks for. */
export async function* streamMessages(
  body: ReadableStream<Uint8Array>,
  onRetry: (ms: number) => void = () => {},
): AsyncGenerator<StreamMessage, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let event = '';
  let data: string[] = [];
  let size = 0;
  let id: string | null = null;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return; // A message without its closing empty line is not one.
      text += decoder.decode(value, { stream: true });
      if (text.length > MAX_MESSAGE_CHARS) throw new Error('a line of the stream is too long');
      let start = 0;
      for (let end = lineEnd(text, start); end !== null; end = lineEnd(text, start)) {
        const line = text.slice(start, end.at);
        start = end.next;
        if (line === '') {
          if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id };
          event = '';
          data = [];
          size = 0;
          continue;
        }
        const colon = line.indexOf(':');
        if (colon === 0) continue;
        const field = colon < 0 ? line : line.slice(0, colon);
        const rest = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
        if (field === 'event') event = rest;
        else if (field === 'data') {
          size += rest.length;
          if (size > MAX_MESSAGE_CHARS) throw new Error('a message of the stream is too long');
          data.push(rest);
        } else if (field === 'id' && !rest.includes('\0')) id = rest;
        else if (field === 'retry' && /^\d+$/.test(rest)) onRetry(Number(rest));
      }
      text = text.slice(start);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Where the line that starts here ends and the next one starts: after LF, CR LF or CR. */
function lineEnd(text: string, start: number): { at: number; next: number } | null {
  for (let at = start; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 10) return { at, next: at + 1 };
    if (char === 13) {
      if (at + 1 === text.length) return null; // LF may follow in the next piece.
      return { at, next: text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1 };
    }
  }
  return null;
}
