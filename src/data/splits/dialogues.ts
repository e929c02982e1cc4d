import { DataError } from "../../core/errors.js";
import { Random } from "../../core/random.js";
import type { Dataset } from "../dataset.js";
import { PART } from "../split.js";
import type { Assignment } from "./assignment.js";

/** Whether every dialogue has a time, so that they can be divided by it. */
export function dialoguesHaveTimes({ dialogues = [] }: Dataset): boolean {
  return dialogues.length > 0 && dialogues.every(({ time }) => Number.isFinite(time));
}

/**
 * One moment divides training dialogues from validation and another validation from test, so that nobody learns from a
 * later conversation. Dialogues of the same second are never divided.
 * @throws DataError NO_DIALOGUES, NO_TIMES
 */
export function splitDialoguesByTime(
  dataset: Dataset,
  options: { validation: number; test: number },
): Assignment {
  const dialogues = dialoguesOf(dataset, "dialogue-time");
  if (!dialoguesHaveTimes(dataset)) {
    throw new DataError(
      "NO_TIMES",
      `the split dialogue-time needs the times of the dialogues of ${dataset.name}`,
      {
        hint: "Choose --split dialogue-ratio.",
      },
    );
  }
  const times = Float64Array.from(dialogues, ({ time }) => time);
  const sorted = times.slice().sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const testStart = at(1 - options.test);
  const validationStart = Math.min(at(1 - options.test - options.validation), testStart);
  return assignment(dataset, (n) =>
    times[n] >= testStart ? PART.test : times[n] >= validationStart ? PART.validation : PART.train,
  );
}

/** Random shares of the dialogues. @throws DataError NO_DIALOGUES */
export function splitDialoguesByRatio(
  dataset: Dataset,
  options: { validation: number; test: number; seed: number },
): Assignment {
  const { length } = dialoguesOf(dataset, "dialogue-ratio");
  const rank = Random.fromSeed(options.seed).fork("split/dialogue-ratio").permutation(length);
  const test = Math.round(options.test * length);
  const validation = Math.round(options.validation * length);
  return assignment(dataset, (n) =>
    rank[n] < test ? PART.test : rank[n] < test + validation ? PART.validation : PART.train,
  );
}

function dialoguesOf({ name, dialogues = [] }: Dataset, strategy: string): NonNullable<Dataset["dialogues"]> {
  if (dialogues.length > 0) return dialogues;
  throw new DataError("NO_DIALOGUES", `the split ${strategy} divides dialogues, and ${name} has none`, {
    hint: "Choose a data set with dialogues: llmrec datasets list.",
  });
}

/** Interactions are in no part: the task asks about dialogues alone. */
function assignment({ interactions, dialogues = [] }: Dataset, partOf: (n: number) => number): Assignment {
  return {
    parts: new Uint8Array(interactions.users.length),
    dialogues: Uint8Array.from(dialogues.keys(), partOf),
    byTime: false,
  };
}
