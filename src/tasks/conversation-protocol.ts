import { DataError } from "../core/errors.js";
import { hashOf } from "../core/hash.js";
import type { Dataset } from "../data/dataset.js";
import { RECOMMENDABLE, type Dialogue } from "../data/dialogue.js";
import { PART, type PartName, type Split } from "../data/split.js";
import { hashDataset } from "../data/splits/hash.js";
import type { ConversationCase, ConversationSample, ConversationTraining } from "./conversation.js";

/** The task `conversation` on one split of dialogues. */
export interface ConversationProtocol {
  readonly training: ConversationTraining;
  /** The test turns in which something is recommended, in the order of the data: what a recommender is asked. */
  readonly turns: readonly ConversationCase[];
  /** The cases that are measured: a (turn, item) pair each, in order. */
  readonly cases: readonly TargetCase[];
  readonly notes: readonly string[];
}

export interface TargetCase {
  /** Position in `turns`. */
  readonly turn: number;
  readonly target: number;
  /** Whether the context names the target already. */
  readonly repeated: boolean;
}

/**
 * Lays out the protocol: a turn of the recommender that recommends something is asked for, its context ends before it.
 * @throws DataError NO_DIALOGUES, NO_DIALOGUE_SPLIT, NO_TEST_TURN, BAD_MENTION
 */
export function conversationProtocol(dataset: Dataset, split: Split): ConversationProtocol {
  const { dialogues = [], items, users, name } = dataset;
  if (dialogues.length === 0) {
    throw new DataError("NO_DIALOGUES", `${name} has no dialogues`, {
      hint: "Choose a data set that has some: llmrec datasets list.",
    });
  }
  if (split.dialogues === undefined) {
    throw new DataError("NO_DIALOGUE_SPLIT", `the split ${split.description} does not divide the dialogues`, {
      hint: "Choose --split dialogue-time or --split dialogue-ratio.",
    });
  }
  const { dialogues: parts } = split;
  const mayBeNamed = recommendable(dataset);
  const numbersOf = (part: PartName) => [...dialogues.keys()].filter((n) => parts[n] === PART[part]);
  const samplesOf = (part: PartName) =>
    numbersOf(part).flatMap((n) => samplesOfDialogue(dialogues[n], n, mayBeNamed));

  const turns: ConversationCase[] = [];
  const cases: TargetCase[] = [];
  for (const { target, ...turn } of samplesOf("test")) {
    const last = turns.at(-1);
    if (last?.dialogue !== turn.dialogue || last.turn !== turn.turn) turns.push(turn);
    cases.push({ turn: turns.length - 1, target, repeated: turn.mentioned.includes(target) });
  }
  if (cases.length === 0) {
    throw new DataError("NO_TEST_TURN", `no test dialogue of ${name} recommends an item of the catalogue`);
  }
  const training: ConversationTraining = {
    users,
    items,
    candidates: Int32Array.from(items.keys.keys()).filter((item) => mayBeNamed[item] === 1),
    dialogues: numbersOf("train").map((n) => dialogues[n]),
    samples: samplesOf("train"),
    validation: samplesOf("validation"),
    recordings: dataset.recordings ?? [],
    hash: hashOf({ data: hashDataset(dataset), split: split.hash }),
  };
  return { training, turns, cases, notes: [note(training, turns, cases)] };
}

/** 1 for each item that may be recommended. */
function recommendable({ items }: Dataset): Uint8Array {
  const column = Object.hasOwn(items.attributes, RECOMMENDABLE) ? items.attributes[RECOMMENDABLE] : null;
  return Uint8Array.from(items.keys, (_, item) =>
    column instanceof Float64Array && column[item] === 0 ? 0 : 1,
  );
}

/** Every recommendation of a dialogue with what had been said before it. */
export function samplesOfDialogue(
  { id, user, time, turns }: Dialogue,
  dialogue: number,
  recommendable: Uint8Array,
): ConversationSample[] {
  const samples: ConversationSample[] = [];
  const mentioned: number[] = [];
  turns.forEach(({ role, mentions }, turn) => {
    for (const { item } of mentions) {
      if (item < recommendable.length) continue;
      throw new DataError(
        "BAD_MENTION",
        `dialogue ${id}, turn ${turn} names the item number ${item}, which is none`,
      );
    }
    if (role === "recommender") {
      const named = mentions.filter(
        ({ item, passing }) => item >= 0 && passing !== true && recommendable[item],
      );
      const targets = new Set(named.map(({ item }) => item));
      const context = turns.slice(0, turn);
      const before = mentioned.slice();
      for (const target of targets) {
        samples.push({
          dialogue,
          turn,
          name: `${id}#${turn}`,
          user,
          time,
          context,
          mentioned: before,
          target,
        });
      }
    }
    for (const { item } of mentions) if (item >= 0 && !mentioned.includes(item)) mentioned.push(item);
  });
  return samples;
}

function note(
  { candidates, dialogues }: ConversationTraining,
  turns: readonly ConversationCase[],
  cases: readonly TargetCase[],
): string {
  const fresh = cases.filter(({ repeated }) => !repeated).length;
  const tested = new Set(turns.map(({ dialogue }) => dialogue)).size;
  return (
    `${cases.length} recommendations in ${turns.length} turns of ${tested} test dialogues, ${candidates.length} items ranked, ` +
    `${dialogues.length} training dialogues. new: the ${fresh} items not named before, what was named is not ranked; ` +
    `repeated: the ${cases.length - fresh} named before, everything is ranked. Intervals draw whole dialogues.`
  );
}
