import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CostMeter } from "../../../src/core/cost.js";
import { silentProgress } from "../../../src/core/progress.js";
import { Random } from "../../../src/core/random.js";
import { StageStore } from "../../../src/core/stages.js";
import type { LanguageModel } from "../../../src/llm/language-model.js";
import { type Names, Prompter } from "../../../src/methods/dlcrec/prompter.js";
import { readTemplates } from "../../../src/methods/dlcrec/templates.js";
import type { RunContext } from "../../../src/recommenders/recommender.js";
import type { ControlledListCase, ControlledListTraining } from "../../../src/tasks/controlled-list.js";
import { Windows } from "../../../src/tasks/windows.js";

/** Twelve films of the genres Drama, Comedy and Horror in turn, and Western, which no film has. */
export const NAMES: Names = {
  titles: ["Ash", "Bay", "Cup", "Dew", "Elm", "Fog", "Gap", "Hut", "Ink", "Jar", "Key", "Lip"],
  genres: ["Drama", "Comedy", "Horror", "Western"],
  mainGenres: Int32Array.from({ length: 12 }, (_, item) => item % 3),
};

export async function prompterOf(templates: string): Promise<Prompter> {
  return new Prompter(await readTemplates(templates), NAMES);
}

/** Films of the genres Drama, Comedy and Horror in turn. */
export const TITLES = ["Ash", "Bay", "Cup", "Dew", "Elm", "Fog", "Gap", "Hut", "Ink", "Jar", "Key", "Lip"];
export const GENRES = ["Drama", "Comedy", "Horror"];
export const mainGenres = Int32Array.from(TITLES, (_, item) => item % 3);

export function training(): ControlledListTraining {
  const sequences = Array.from({ length: 6 }, (_, user) => ({
    user,
    items: Int32Array.from({ length: 6 }, (_one, n) => (user + 2 * n) % 12),
    times: null,
  }));
  const lengths = { history: 3, future: 3 };
  const windows = new Windows(
    sequences,
    Int32Array.from(sequences.keys()),
    Int32Array.from(sequences, () => 3),
    lengths,
  );
  return {
    users: { keys: sequences.map(({ user }) => `u${user}`), attributes: {} },
    items: {
      ...{ keys: TITLES, titles: TITLES, texts: {}, attributes: {} },
      categoryNames: GENRES,
      categories: TITLES.map((_, item) => [item % 3]),
    },
    ...{ mainGenres, sequences, windows },
    validation: windows.sample(2, Random.fromSeed(1)),
    ...{ historyLength: 3, futureLength: 3, hash: "fixture" },
  };
}

export const caseOf = (genres: number | null, history = [0, 1, 4]): ControlledListCase => ({
  ...{ user: 0, genres, length: 3, time: NaN },
  history: Int32Array.from(history),
  seen: Int32Array.from(history).sort(),
});

export interface Setting {
  readonly stages: string;
  readonly from: Readonly<Record<string, string>>;
  readonly llm: () => Promise<LanguageModel>;
}

/** A run with given answers and, where it is lent one, a model. */
export function runContext(id: string, { stages, from, llm }: Partial<Setting> = {}): RunContext {
  const cost = new CostMeter();
  const folder = stages ?? mkdtempSync(join(tmpdir(), "llmrec-dlcrec-"));
  return {
    random: Random.fromSeed(1).fork(id),
    ...{ seed: 1, cost, progress: silentProgress(), signal: new AbortController().signal },
    stages: new StageStore(folder, new Map(Object.entries(from ?? {})), id, cost),
    llm: llm ?? (() => Promise.reject(new Error("no model is needed"))),
  };
}

/** Files of answers, question by question. */
export async function answerFile(
  entries: (prompter: Prompter) => readonly (readonly [question: string, answer: string])[],
): Promise<string> {
  const names = { titles: TITLES, genres: GENRES, mainGenres };
  const prompter = new Prompter(await readTemplates("trail"), names);
  const path = join(mkdtempSync(join(tmpdir(), "llmrec-answers-")), "answers.jsonl");
  writeFileSync(
    path,
    entries(prompter)
      .map(([prompt, text]) => JSON.stringify({ prompt, answer: text }) + "\n")
      .join(""),
  );
  return path;
}
