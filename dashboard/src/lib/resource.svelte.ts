/**
 * What a panel shows, in one of four states: loading, error, empty, data. While a new answer is on its way the old one
 * stays (`refreshing`), so that nothing flickers. What has failed is asked again whenever the page looks anew, also
 * where the range stands still; trying again in one panel makes all of them look anew, for they mostly fail together.
 */
import type { Answer, Query } from '@tidegauge/client';
import { untrack } from 'svelte';
import { ask } from './api';
import { clock } from './clock.svelte';
import { type Failure, failureOf } from './failure';

export interface Resource<T> {
  readonly state: 'loading' | 'error' | 'empty' | 'data';
  /** The newest answer, also while another is on its way; none once that has failed. */
  readonly data: T | undefined;
  readonly failure: Failure | null;
  readonly refreshing: boolean;
  retry(): void;
}

/**
 * Loads by `load` whenever what `input` says changes. `input` is where reactive state is read; null means that there
 * is nothing to ask. To be called while a component is set up. Call it once for all that a panel needs: `load` may ask
 * several questions.
 */
export function resource<I, T>(
  input: () => I | null,
  load: (input: I, signal: AbortSignal) => Promise<T>,
  isEmpty: (data: T) => boolean = (data) => Array.isArray(data) && data.length === 0,
): Resource<T> {
  let data = $state.raw<T | undefined>(undefined);
  let failure = $state.raw<Failure | null>(null);
  let refreshing = $state(false);
  let attempt = $state(0);

  $effect(() => {
    const asked = input();
    void attempt;
    if (asked === null) {
      data = undefined;
      failure = null;
      return;
    }
    const controller = new AbortController();
    refreshing = true;
    load(asked, controller.signal).then(
      (answer) => {
        if (controller.signal.aborted) return;
        data = answer;
        failure = null;
        refreshing = false;
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        // A number that answers another question than the one that failed would be taken for its answer.
        data = undefined;
        failure = failureOf(error);
        refreshing = false;
      },
    );
    return () => controller.abort();
  });

  $effect(() => {
    void clock.now;
    untrack(() => {
      if (failure !== null) attempt += 1;
    });
  });

  return {
    get state() {
      if (failure !== null) return 'error';
      if (data === undefined) return 'loading';
      return isEmpty(data) ? 'empty' : 'data';
    },
    get data() {
      return data;
    },
    get failure() {
      return failure;
    },
    get refreshing() {
      return refreshing;
    },
    retry() {
      if (failure === null) attempt += 1;
      else clock.advance();
    },
  };
}

/** The answer to one query; empty is an answer without rows. */
export function queryResource(query: () => Query | null): Resource<Answer> {
  return resource(query, ask, (answer) => answer.rows.length === 0);
}

/** The answers to several queries, all or none, by the names that they were asked under. */
export function queriesResource<N extends string>(
  queries: () => Record<N, Query | null> | null,
  isEmpty: (answers: Record<N, Answer | null>) => boolean = (answers) =>
    Object.values<Answer | null>(answers).every((answer) => answer === null || answer.rows.length === 0),
): Resource<Record<N, Answer | null>> {
  return resource(
    queries,
    async (asked, signal) => {
      const names = Object.keys(asked) as N[];
      const answers = await Promise.all(names.map((name) => (asked[name] ? ask(asked[name], signal) : null)));
      return Object.fromEntries(names.map((name, at) => [name, answers[at]])) as Record<N, Answer | null>;
    },
    isEmpty,
  );
}
