import { expect, test } from 'vitest';
import { MAX_MESSAGE_CHARS, streamMessages, type StreamMessage } from './event_stream.js';

function stream(...pieces: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
}

async function read(body: ReadableStream<Uint8Array>, onRetry?: (ms: number) => void): Promise<StreamMessage[]> {
  const messages: StreamMessage[] = [];
  for await (const message of streamMessages(body, onRetry)) messages.push(message);
  return messages;
}

test('a message is its event, its data and the last id', async () => {
  const messages = await read(stream('event: snapshot\nid: 7\ndata: {"a":1}\n\ndata: x\n\n'));
  expect(messages).toEqual([
    { event: 'snapshot', data: '{"a":1}', id: '7' },
    { event: 'message', data: 'x', id: '7' },
  ]);
});

test('a message may come in any pieces, even through a letter', async () => {
  const bytes = new TextEncoder().encode('data: Ströme 🌊\r\n\r\n');
  const pieces = [...bytes].map((byte) => Uint8Array.of(byte));
  expect(await read(stream(...pieces))).toEqual([{ event: 'message', data: 'Ströme 🌊', id: null }]);
});

test('lines end in LF, CR LF or CR; comments and unknown fields are passed over', async () => {
  const messages = await read(stream(': hello\rdata:1\rdata: 2\r\nother: 3\n\n'));
  expect(messages).toEqual([{ event: 'message', data: '1\n2', id: null }]);
});

test('what is cut off is no message', async () => {
  expect(await read(stream('data: 1\n\ndata: 2\n'))).toHaveLength(1);
});

test('the pause that the stream asks for is passed on', async () => {
  const asked: number[] = [];
  await read(stream('retry: 2000\nretry: soon\n\n'), (ms) => asked.push(ms));
  expect(asked).toEqual([2000]);
});

test('a message without an end is refused', async () => {
  await expect(read(stream(`data: ${'x'.repeat(MAX_MESSAGE_CHARS)}`))).rejects.toThrow('too long');
});
