/**
 * What the embedded language model and its twin know, beside a bigram model of the same corpus: the figures of docs/language-models.md.
 *
 *     node --import tsx bench/llm/world-model.ts [--users 600] [--seed 1] [--model FOLDER] [--twin FOLDER]
 */
import { parseArgs } from "node:util";
import { createProgress } from "../../src/core/progress.js";
import { makeCorpus } from "../../src/experiment/pretraining/corpus.js";
import {
  type Chooser,
  chooserOf,
  examine,
  type Examination,
  type Mark,
  type TasteMark,
} from "../../src/experiment/pretraining/examination.js";
import { embeddedFolder } from "../../src/llm/embedded.js";
import type { Tokenizer } from "../../src/llm/language-model.js";
import { LocalModel } from "../../src/llm/local/local-model.js";

const { values } = parseArgs({
  options: {
    users: { type: "string", default: "600" },
    seed: { type: "string", default: "1" },
    model: { type: "string" },
    twin: { type: "string" },
  },
});
const context = { progress: createProgress(), signal: new AbortController().signal };
const options = { users: Number(values.users), seed: Number(values.seed) };

/**
 * log p(token | the token before) by counts of the corpus, smoothed towards the token's own share as if that had been seen {@link PRIOR} times
 * after each token.
 */
function bigramChooser(tokenizer: Tokenizer): Chooser {
  const size = tokenizer.vocabularySize;
  const pairs = new Map<number, number>();
  const counts = new Float64Array(size);
  let total = 0;
  const { knowledge, tastes } = makeCorpus();
  for (const document of [...knowledge, ...tastes]) {
    const tokens = tokenizer.encode(document.map(({ text }) => text).join(""), { special: true });
    tokens.forEach((token, n) => {
      counts[token]++;
      total++;
      if (n > 0) pairs.set(tokens[n - 1] * size + token, (pairs.get(tokens[n - 1] * size + token) ?? 0) + 1);
    });
  }
  const logProb = (before: number, token: number) => {
    const share = (counts[token] + 1) / (total + size);
    return Math.log(((pairs.get(before * size + token) ?? 0) + PRIOR * share) / (counts[before] + PRIOR));
  };
  return (questions) =>
    Promise.resolve(
      questions.map(({ prompt, continuations }) => {
        if (typeof prompt !== "string") throw new TypeError("the bigram model reads texts");
        const start = tokenizer.encode(prompt).length;
        return continuations.map((continuation) => {
          const tokens = tokenizer.encode(prompt + continuation);
          let sum = 0;
          for (let n = start; n < tokens.length; n++) sum += logProb(tokens[n - 1], tokens[n]);
          return sum;
        });
      }),
    );
}

const PRIOR = 5;

async function examined(folder: string): Promise<{ found: Examination; tokenizer: Tokenizer }> {
  const model = await LocalModel.open(folder, { progress: context.progress });
  try {
    return { found: await examine(chooserOf(model, context), options), tokenizer: await model.tokenizer() };
  } finally {
    await model.close();
  }
}

const { found: model, tokenizer } = await examined(values.model ?? embeddedFolder());
const { found: twin } = await examined(values.twin ?? embeddedFolder("embedded-twin"));
const bigram = await examine(bigramChooser(tokenizer), options);

const share = (value: number) => value.toFixed(3);
const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
const facts: [string, (e: Examination) => Mark][] = [
  ["mood of a director", ({ mood }) => mood],
  ["main genre of a known title", ({ genre }) => genre],
  ["director of a known title", ({ director }) => director],
];
console.log(row(["share of right answers", "questions", "chance", "bigram", "model", "twin"]));
console.log(row(Array.from({ length: 6 }, () => "---")));
for (const [name, of] of facts) {
  const { questions, chance } = of(model);
  console.log(
    row([name, String(questions), share(chance), ...[bigram, model, twin].map((e) => share(of(e).right))]),
  );
}
const kinds: [string, (e: Examination) => TasteMark][] = [
  ["known films", ({ taste }) => taste.known],
  ["new films", ({ taste }) => taste.new],
  ["known films of one main genre", ({ taste }) => taste.knownOfOneGenre],
  ["new films of one main genre", ({ taste }) => taste.newOfOneGenre],
];
console.log(
  `\n${row(["the liked one of two", "pairs", "bigram", "model", "twin", "Bayes judge, no moods", "Bayes judge"])}`,
);
console.log(row(Array.from({ length: 7 }, () => "---")));
for (const [name, of] of kinds) {
  const { pairs, bayes, bayesWithoutMoods } = of(model);
  const marks = [of(bigram).right, of(model).right, of(twin).right, bayesWithoutMoods, bayes];
  console.log(row([name, String(pairs), ...marks.map(share)]));
}
