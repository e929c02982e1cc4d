import type { Price } from "./price.js";

/** How a server is asked. */
export interface RemoteOptions {
  readonly baseUrl: string;
  readonly model: string;
  /** Requests under way at the same time. Default 4. */
  readonly concurrency?: number;
  /** Further tries after a failure that may pass. Default 5; 0 for none. */
  readonly retries?: number;
  /** Wait before the second try; doubled each time, at most 60 s. Default 1. */
  readonly backoffSeconds?: number;
  /** For one try, its whole answer included. Default 120. */
  readonly timeoutSeconds?: number;
  readonly requestsPerMinute?: number;
  /** Stop (exit 6, resumable) before a request once this much is spent, in dollars. Needs a price. */
  readonly maxCost?: number;
  /** How many prompts may fail for good before the run stops. Default 0: the first failure ends it. */
  readonly maxErrors?: number;
  readonly price?: Price;
  /** Where the key comes from; never from a flag or a file. Default process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}
