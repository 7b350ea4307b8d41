/** One question at a time: its state, its answer, how long it takes, and an end to it when the person has waited enough. */
import type { Answer } from '@tidegauge/client';
import { TidegaugeError } from '@tidegauge/client';
import { type Failure, failureOf } from '../../lib/failure';
import { client } from '../../lib/session.svelte';
import type { Asked } from './call';

export interface Position {
  line: number;
  column: number;
}

export type RunState = 'idle' | 'running' | 'done' | 'failed' | 'cancelled';

export class Run {
  state = $state<RunState>('idle');
  /** The newest answer, also while another is on its way. */
  answer = $state.raw<Answer | null>(null);
  /** What `answer` is the answer to. */
  answered = $state.raw<Asked | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Where in the SQL the failure is. */
  position = $state.raw<Position | null>(null);
  /** Milliseconds since the question under way was asked. */
  waited_ms = $state(0);
  /** From asking to the answer, with the way there and back. */
  took_ms = $state(0);

  #controller: AbortController | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** True when it was answered, false when it failed or something else came in between. */
  async start(asked: Asked): Promise<boolean> {
    this.#end();
    const controller = new AbortController();
    this.#controller = controller;
    const begun = performance.now();
    this.state = 'running';
    this.waited_ms = 0;
    this.#timer = setInterval(() => (this.waited_ms = performance.now() - begun), 200);
    try {
      const answer = await (asked.kind === 'sql' ? client.sql(asked.body, controller.signal) : client.query(asked.body, controller.signal));
      if (controller.signal.aborted) return false;
      this.answer = answer;
      this.answered = asked;
      this.failure = null;
      this.position = null;
      this.took_ms = performance.now() - begun;
      this.#finish('done');
      return true;
    } catch (error) {
      if (controller.signal.aborted) return false;
      this.failure = failureOf(error);
      this.position = (error instanceof TidegaugeError ? error.problem?.position : null) ?? null;
      this.#finish('failed');
      return false;
    }
  }

  /** The server stops working on it, too. */
  cancel(): void {
    if (this.state !== 'running') return;
    this.#end();
    this.state = 'cancelled';
  }

  /** Nothing goes on after the page is left. */
  leave(): void {
    this.#end();
  }

  #finish(state: RunState): void {
    clearInterval(this.#timer);
    this.#controller = null;
    this.state = state;
  }

  #end(): void {
    this.#controller?.abort();
    this.#controller = null;
    clearInterval(this.#timer);
  }
}
