import { z } from "zod";
import { DataError, UsageError } from "../../core/errors.js";
import { suggestName } from "../../core/names.js";
import type { Dataset } from "../dataset.js";
import type { Split } from "../split.js";
import type { Assignment } from "./assignment.js";
import { splitColdItems } from "./cold-items.js";
import { splitColdUsers } from "./cold-users.js";
import { splitDialoguesByRatio, splitDialoguesByTime } from "./dialogues.js";
import { splitGlobalTime } from "./global-time.js";
import { hashSplit } from "./hash.js";
import { splitKFold } from "./k-fold.js";
import { splitLeaveLastOut } from "./leave-last-out.js";
import { splitRatio } from "./ratio.js";
import { splitWindows } from "./windows.js";

const share = z.number().min(0).max(1);
const seed = z.int().default(42);

interface Strategy<O> {
  readonly summary: string;
  readonly options: z.ZodType<O>;
  assign(dataset: Dataset, options: O): Assignment;
}

const strategy = <O>(definition: Strategy<O>): Strategy<unknown> => definition;

/** Every way to divide a data set, by the name that `--split` takes. */
export const SPLIT_STRATEGIES: Readonly<Record<string, Strategy<unknown>>> = {
  ratio: strategy({
    summary: "random shares of each user's interactions",
    options: z.strictObject({ validation: share.default(0.1), test: share.default(0.1), seed }),
    assign: splitRatio,
  }),
  "leave-last-out": strategy({
    summary: "each user's last interactions are test, those before them validation",
    options: z.strictObject({ validation: z.int().min(0).default(1), test: z.int().min(1).default(1) }),
    assign: splitLeaveLastOut,
  }),
  "global-time": strategy({
    summary: "everything after one moment is test: no recommender sees the future",
    options: z.strictObject({ validation: share.default(0.1), test: share.default(0.1) }),
    assign: splitGlobalTime,
  }),
  windows: strategy({
    summary:
      "moments that divide the windows of history and future likes (DLCRec's division without its leak)",
    options: z.strictObject({
      history: z.int().min(1).default(10),
      future: z.int().min(1).default(10),
      validation: share.default(0.1),
      test: share.default(0.1),
      threshold: z.number().optional(),
    }),
    assign: splitWindows,
  }),
  "k-fold": strategy({
    summary: "one of k random folds is test",
    options: z.strictObject({
      folds: z.int().min(2).default(5),
      fold: z.int().min(1).default(1),
      validation: share.default(0.1),
      seed,
    }),
    assign: splitKFold,
  }),
  "cold-item": strategy({
    summary: "a share of the items has no training interaction (ColdLLM's protocol)",
    options: z.strictObject({
      share: share.default(0.2),
      validation: share.default(0.1),
      test: share.default(0.1),
      seed,
    }),
    assign: splitColdItems,
  }),
  "cold-user": strategy({
    summary: "a share of the users has no training interaction",
    options: z.strictObject({
      share: share.default(0.2),
      validation: share.default(0.1),
      test: share.default(0.1),
      seed,
    }),
    assign: splitColdUsers,
  }),
  "dialogue-time": strategy({
    summary: "every dialogue after one moment is test: nobody learns from a later conversation",
    options: z.strictObject({ validation: share.default(0.1), test: share.default(0.2) }),
    assign: splitDialoguesByTime,
  }),
  "dialogue-ratio": strategy({
    summary: "random shares of the dialogues",
    options: z.strictObject({ validation: share.default(0.1), test: share.default(0.2), seed }),
    assign: splitDialoguesByRatio,
  }),
  published: strategy({
    summary: "the split that was published with the data",
    options: z.strictObject({}),
    assign: (dataset) => {
      if (dataset.published !== undefined) return dataset.published;
      throw new UsageError("NO_PUBLISHED_SPLIT", `the data set ${dataset.name} has no published split`, {
        hint: "Choose another strategy with --split.",
      });
    },
  }),
};

/**
 * Divides a data set by a named strategy.
 * @param options - of the strategy, such as `{ share: 0.2, seed: 42 }`; an unknown one is an error.
 * @throws UsageError for an unknown strategy or option; DataError where a part comes out empty.
 */
export function makeSplit(
  dataset: Dataset,
  name: string,
  options: Readonly<Record<string, unknown>> = {},
): Split {
  if (!Object.hasOwn(SPLIT_STRATEGIES, name)) {
    throw new UsageError("UNKNOWN_SPLIT", `unknown split strategy ${name}`, {
      hint: suggestName(name, Object.keys(SPLIT_STRATEGIES)),
    });
  }
  const chosen = SPLIT_STRATEGIES[name];
  const parsed = chosen.options.safeParse(options);
  if (!parsed.success) {
    throw new UsageError("BAD_SPLIT_OPTION", `split ${name}: ${z.prettifyError(parsed.error)}`, {
      hint: "Options of the split are set by --set split.NAME=VALUE.",
    });
  }
  const assigned = chosen.assign(dataset, parsed.data);
  const { parts, dialogues, byTime } = assigned;
  const coldItems = assigned.coldItems ?? new Uint8Array(dataset.items.keys.length);
  const coldUsers = assigned.coldUsers ?? new Uint8Array(dataset.users.keys.length);
  const listed = Object.entries(parsed.data as Record<string, unknown>).map(
    ([key, value]) => `${key}=${String(value)}`,
  );
  const description =
    dataset.published === assigned ? dataset.published.description : `${name}(${listed.join(", ")})`;
  const split = {
    description,
    parts,
    ...(dialogues && { dialogues }),
    coldItems,
    coldUsers,
    byTime,
    hash: hashSplit(dataset, { parts, dialogues, coldItems, coldUsers }),
  };
  requireParts(split);
  return split;
}

function requireParts(split: Split): void {
  for (const [name, value] of [
    ["training", 1],
    ["test", 3],
  ] as const) {
    if (!split.parts.includes(value) && split.dialogues?.includes(value) !== true) {
      throw new DataError("EMPTY_PART", `the ${name} part of ${split.description} is empty`, {
        hint: "The data set is too small for this split: change its shares with --set split.NAME=VALUE.",
      });
    }
  }
}
