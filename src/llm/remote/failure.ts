import { APIError } from "openai";
import { ProviderError } from "../../core/errors.js";

/** One try that failed: whether another may help, and how long the server asked to wait. */
export class AttemptFailure extends Error {
  constructor(
    message: string,
    readonly retriable: boolean,
    readonly waitSeconds = 0,
    readonly hint?: string,
  ) {
    super(message);
    this.name = "AttemptFailure";
  }
}

/** The longest wait that a server may ask for; longer ones are taken as this. */
const LONGEST_WAIT_SECONDS = 120;

const HINTS: Readonly<Record<number, string>> = {
  400: "The server refused the request: the prompt may be too long for it.",
  401: "Set LLMREC_API_KEY to a valid key.",
  403: "The key in LLMREC_API_KEY may not use this model.",
  404: "Check the address (it usually ends in /v1) and the model's name after #.",
};

function waitOf(headers: Headers | undefined): number {
  const value = headers?.get("retry-after");
  if (value === undefined || value === null) return 0;
  const seconds = Number(value);
  const wait = Number.isNaN(seconds) ? (Date.parse(value) - Date.now()) / 1000 : seconds;
  return Number.isFinite(wait) ? Math.min(LONGEST_WAIT_SECONDS, Math.max(0, wait)) : 0;
}

/** Text from a server in one line of bounded length, without the key. */
export function clean(text: string, key: string | undefined): string {
  const hidden = key === undefined || key === "" ? text : text.replaceAll(key, "[key]");
  const line = hidden.replace(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}

/**
 * Why a request failed. Worth another try: 408, 409, 425, 429, every 5xx, no connection, a time-out, an answer that broke off.
 * @param timedOut - our own clock ran out.
 */
export function failureOf(error: unknown, timedOut: boolean, key: string | undefined): AttemptFailure {
  if (error instanceof AttemptFailure) return error;
  if (timedOut) return new AttemptFailure("no answer in time", true);
  if (error instanceof APIError && error.status !== undefined) {
    const status = error.status as number;
    const retriable = [408, 409, 425, 429].includes(status) || status >= 500;
    const wait = waitOf(error.headers as Headers | undefined);
    return new AttemptFailure(`status ${clean(error.message, key)}`, retriable, wait, HINTS[status]);
  }
  return new AttemptFailure(
    clean(rootMessage(error), key),
    true,
    0,
    "Is the server running at this address?",
  );
}

/** The innermost message: "connect ECONNREFUSED 127.0.0.1:1" says more than "Connection error." */
function rootMessage(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (inner instanceof AggregateError && inner.errors.length > 0) inner = inner.errors[0];
  if (inner instanceof SyntaxError) return "the answer broke off or is no JSON";
  return inner instanceof Error ? inner.message : String(inner);
}

/** The last failure as the user sees it. The server's own error isn't attached: it may hold headers with the key. */
export function providerError(failure: AttemptFailure, baseUrl: string, tries: number): ProviderError {
  const times = tries > 1 ? ` after ${tries} tries` : "";
  return new ProviderError("SERVER_FAILED", `${baseUrl}: ${failure.message}${times}`, { hint: failure.hint });
}
