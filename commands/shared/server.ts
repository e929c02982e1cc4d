import { Flags } from "@oclif/core";
import type { ServerSettings } from "../../src/llm/open.js";

/** The flags of every command that may ask a server (`--llm openai:...`): how it is asked. They change no run's name. */
export const serverFlags = {
  concurrency: Flags.integer({
    env: "LLMREC_CONCURRENCY",
    summary: "Requests to a server at the same time; 4 by default.",
    helpValue: "N",
    min: 1,
  }),
  retries: Flags.integer({
    env: "LLMREC_RETRIES",
    summary: "Further tries of a request that failed; 5 by default.",
    helpValue: "N",
    min: 0,
  }),
  timeout: Flags.integer({
    env: "LLMREC_TIMEOUT",
    summary: "Seconds for a server's whole answer; 120 by default.",
    helpValue: "SECONDS",
    min: 1,
  }),
  "requests-per-minute": Flags.integer({
    env: "LLMREC_REQUESTS_PER_MINUTE",
    summary: "The most requests to a server in a minute.",
    helpValue: "N",
    min: 1,
  }),
  price: Flags.string({
    env: "LLMREC_PRICE",
    summary: "Dollars per million tokens of prompt and completion: 0.15,0.60.",
    helpValue: "PROMPT,COMPLETION",
  }),
  "max-cost": Flags.string({
    env: "LLMREC_MAX_COST",
    summary: "Stop, resumable, before a server's answers cost more; needs --price.",
    helpValue: "DOLLARS",
  }),
  "max-errors": Flags.integer({
    env: "LLMREC_MAX_ERRORS",
    summary: "Prompts that a server may fail to answer; they count as empty answers. 0 by default.",
    helpValue: "N",
    min: 0,
  }),
};

interface GivenServerFlags {
  readonly concurrency?: number;
  readonly retries?: number;
  readonly timeout?: number;
  readonly "requests-per-minute"?: number;
  readonly price?: string;
  readonly "max-cost"?: string;
  readonly "max-errors"?: number;
}

/** @throws UsageError for a price or a limit that is none. */
export async function serverSettings(flags: GivenServerFlags): Promise<ServerSettings> {
  const [{ parsePrice }, { numberBetween }] = await Promise.all([
    import("../../src/llm/remote/price.js"),
    import("../../src/core/typed-number.js"),
  ]);
  const { concurrency, retries, timeout, price, "max-cost": most, "max-errors": maxErrors } = flags;
  return {
    ...{ concurrency, retries, maxErrors, timeoutSeconds: timeout },
    requestsPerMinute: flags["requests-per-minute"],
    price: price === undefined ? undefined : parsePrice(price),
    maxCost: most === undefined ? undefined : numberBetween("--max-cost", most, 0, Infinity),
  };
}
