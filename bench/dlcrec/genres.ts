/**
 * What a history tells about the genres that come next: how far any GP can get on the embedded world, for docs/dlcrec.md.
 *
 *     node --import tsx bench/dlcrec/genres.ts
 *
 * Asked for as many genres as the next ten films have, which share of the true ones is named? By what is commonest in general, by the history's
 * commonest (the rule that GP must beat), and by a softmax regression on the history's genre counts and on the genres of its three newest
 * films, from as many windows as DLCRec's adapters learn from and from all.
 */
import { Random } from "../../src/core/random.js";
import { openWorld } from "../../src/data/world/open.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { commonestGenres } from "../../src/methods/dlcrec/rules.js";
import { controlledListOptions, controlledListProtocol } from "../../src/tasks/controlled-list-protocol.js";
import type { Window } from "../../src/tasks/windows.js";

/** Newest films of a history whose genres count place by place as well: what comes next depends on what came last. */
const NEWEST = 3;
const EPOCHS = 4;
const LEARNING_RATE = 3e-3;
const PENALTY = 1e-3;

const dataset = openWorld({});
const split = makeSplit(dataset, "windows", { history: 10, future: 10, validation: 0.1, test: 0.1 });
const { training, test } = controlledListProtocol(dataset, split, controlledListOptions.parse({ cases: 0 }));
const random = Random.fromSeed("genres");
const count = dataset.items.categoryNames.length;
const genreOf = Int32Array.from(dataset.items.categories, (own) => own.at(0) ?? -1);
const windows = training.windows.toArray();
const general = new Float64Array(count);
for (const { future } of windows) for (const item of future) general[genreOf[item]]++;

const FEATURES = (1 + NEWEST) * count + 1;

/** A genre's score by each of the history's features. */
type Weights = readonly Float64Array[];

function featuresOf(history: Int32Array): Float64Array {
  const features = new Float64Array(FEATURES);
  history.forEach((item, n) => {
    features[genreOf[item]]++;
    if (n >= history.length - NEWEST) features[(history.length - n) * count + genreOf[item]]++;
  });
  features[FEATURES - 1] = 1;
  return features;
}

const scoresOf = (weights: Weights, features: Float64Array) =>
  weights.map((own) => own.reduce((sum, weight, n) => sum + weight * features[n], 0));

/** Cross-entropy between the predicted genres and those of the next films, by stochastic gradient descent. */
function fit(rows: readonly Window[], epochs: number): Weights {
  const weights = Array.from({ length: count }, () => new Float64Array(FEATURES));
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const at of random.fork(epoch).permutation(rows.length)) {
      const { history, future } = rows[at];
      const features = featuresOf(history);
      const raised = scoresOf(weights, features).map(Math.exp);
      const total = raised.reduce((sum, one) => sum + one, 0);
      const gradient = raised.map((one) => -one / total);
      for (const item of future) gradient[genreOf[item]] += 1 / future.length;
      weights.forEach((own, genre) => {
        for (let n = 0; n < own.length; n++)
          own[n] += LEARNING_RATE * (gradient[genre] * features[n] - PENALTY * own[n]);
      });
    }
  }
  return weights;
}

/** Mean share of the true genres among as many that are named. */
function recall(name: (history: Int32Array, count: number) => readonly number[]): number {
  const shares = test.map(({ history, future }) => {
    const truth = new Set(Array.from(future, (item) => genreOf[item]));
    return name(history, truth.size).filter((genre) => truth.has(genre)).length / truth.size;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

const byWeights = (weights: Weights) => (history: Int32Array, wanted: number) =>
  best(scoresOf(weights, featuresOf(history)), wanted);

function best(scores: readonly number[], wanted: number): number[] {
  return [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, wanted);
}

const few = training.windows.sample(1000, random).toArray();
console.log(`${test.length} test windows, ${windows.length} for training, ${count} genres`);
console.log("| who names the genres | share of the true ones |\n| --- | ---: |");
for (const [who, share] of [
  ["commonest in general", recall((_history, wanted) => best([...general], wanted))],
  [
    "the history's commonest",
    recall((history, wanted) => commonestGenres(history, genreOf, general, wanted)),
  ],
  ["regression, 1,000 windows", recall(byWeights(fit(few, 5 * EPOCHS)))],
  ["regression, all windows", recall(byWeights(fit(windows, EPOCHS)))],
] as const) {
  console.log(`| ${who} | ${share.toFixed(3)} |`);
}
