/** What a refused or failed call throws. */
import type { Problem } from './schemas.js';

export class TidegaugeError extends Error {
  override name = 'TidegaugeError';

  constructor(
    /** The HTTP status; 0 when there was no answer at all. */
    readonly status: number,
    message: string,
    readonly problem: Partial<Problem> | null = null,
    /** How long the server asks to wait, in milliseconds. */
    readonly retry_after_ms: number | null = null,
  ) {
    super(message);
  }
}

/** The error that an answer is, whatever surface gave it and in whichever shape. */
export async function refusal(response: Response): Promise<TidegaugeError> {
  const body: unknown = await response.json().catch(() => null);
  return refusalOf(response, body);
}

/** The same, of an answer whose body was read already. */
export function refusalOf(response: Response, body: unknown): TidegaugeError {
  const problem = body !== null && typeof body === 'object' ? (body as Partial<Problem>) : null;
  const detail = typeof problem?.detail === 'string' ? problem.detail : response.statusText || `HTTP ${response.status}`;
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new TidegaugeError(response.status, detail, problem, Number.isFinite(seconds) ? seconds * 1000 : null);
}
