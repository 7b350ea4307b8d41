/**
 * Who is signed in. The credential lives in this module's memory and nowhere else: a reload signs out, and no storage,
 * address or markup ever holds it.
 */
import { type Me, TidegaugeError, tidegauge } from '@tidegauge/client';
import { clock } from './clock.svelte';
import { failureOf } from './failure';

let credential: string | null = null;
let me = $state.raw<Me | null>(null);
let reason = $state<string | null>(null);
const leaving: (() => void)[] = [];

/** Calls go to where the page came from, below whatever prefix a proxy gives it. */
export const address = new URL('./', document.baseURI).href;

/** The typed client of the signed-in caller; its answers keep the clock right and a refused credential signs out. */
export const client = tidegauge({
  address,
  credential: () => credential,
  fetch: async (input, init) => {
    const used = credential;
    const response = await fetch(input, init);
    clock.hear(response.headers.get('date'));
    if (response.status === 401 && me !== null && used === credential) {
      signOut('Your key or token is not valid any longer: it has expired or was revoked. Sign in again to go on.');
    }
    return response;
  },
});

export const session = {
  get me(): Me | null {
    return me;
  },
  /** Why the person was signed out, or could not sign in. */
  get reason(): string | null {
    return reason;
  },
  may(scope: Me['scopes'][number]): boolean {
    return me?.scopes.includes(scope) ?? false;
  },
  /** For the curl line of an empty state, which shows the person's own key on request. */
  get credential(): string | null {
    return credential;
  },
};

/** True when the credential is good; otherwise `session.reason` says what is wrong. */
export async function signIn(text: string): Promise<boolean> {
  const given = text.trim().replace(/^bearer\s+/i, '');
  reason = null;
  if (given === '' || /[^\x21-\x7e]/.test(given)) {
    reason = given === '' ? 'Paste a key or a token.' : 'A key or token has no spaces or special letters: was it copied whole?';
    return false;
  }
  credential = given;
  try {
    const caller = await client.me();
    if (!caller.scopes.some((scope) => scope !== 'ingest')) {
      credential = null;
      reason = 'This key or token may send, but not read: it needs the scope read.';
      return false;
    }
    me = caller;
    clock.advance();
    return true;
  } catch (error) {
    credential = null;
    const { title, detail, status } = failureOf(error);
    if (status === 401) reason = 'This key or token is not valid: mistyped, expired or revoked.';
    else if (error instanceof TidegaugeError) reason = `${title}. ${detail}`;
    else reason = 'The server gave an answer that this page does not understand.';
    return false;
  }
}

export function signOut(why: string | null = null): void {
  credential = null;
  me = null;
  reason = why;
  for (const forget of leaving) forget();
}

/** Whatever was learnt with a credential is forgotten with it. */
export function onSignOut(forget: () => void): void {
  leaving.push(forget);
}
