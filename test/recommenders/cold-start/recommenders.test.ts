import { describe, expect, it } from "vitest";
import { deepMusic } from "../../../src/recommenders/cold-start/deepmusic.js";
import { type BackboneChoice, warmBackbone } from "../../../src/recommenders/cold-start/backbone.js";
import { dropoutNet } from "../../../src/recommenders/cold-start/dropoutnet.js";
import { aldi } from "../../../src/recommenders/cold-start/aldi.js";
import { innerProducts } from "../../../src/recommenders/factorisation/factors.js";
import { clcRec } from "../../../src/recommenders/cold-start/clcrec.js";
import { gar } from "../../../src/recommenders/cold-start/gar.js";
import { metaEmbedding } from "../../../src/recommenders/cold-start/meta-embedding.js";
import { mtpr } from "../../../src/recommenders/cold-start/mtpr.js";
import type { Recommender } from "../../../src/recommenders/recommender.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { contextOf, scoresOf } from "../support.js";
import { ITEMS, separates, twoTastes, WARM } from "./support.js";

const BACKBONE = { backbone: "als", training: { factors: 4, regularization: 0.1, alpha: 5 } };
const FAST = { ...BACKBONE, contentSize: 4, epochs: 60, learningRate: 0.01, batchSize: 64 };

/** An epoch of items has few steps, and a logistic loss needs long embeddings. */
const SLOWER: Readonly<Record<string, object>> = { metaemb: { batchSize: 8, learningRate: 0.05 } };

/** Those whose warm scores are the backbone's. */
const KEEP_WARM: readonly Recommender<"cold-start">[] = [deepMusic, metaEmbedding, aldi];
const ALL: readonly Recommender<"cold-start">[] = [
  deepMusic,
  dropoutNet,
  metaEmbedding,
  mtpr,
  clcRec,
  gar,
  aldi,
];

describe.each(ALL.map((one) => [one]))("$id", (recommender) => {
  it("ranks new items by what users like, learned from their text alone", async () => {
    const scores = await scoresOf(recommender, twoTastes(), { ...FAST, ...SLOWER[recommender.id] });
    expect(scores.flat().every(Number.isFinite)).toBe(true);
    expect(separates(scores)).toBe(true);
  });

  it("gives the same scores for the same seed and others for another", async () => {
    const train = twoTastes();
    const options = { ...FAST, epochs: 2 };
    const run = (seed: number) => scoresOf(recommender, train, options, contextOf(recommender.id, seed));
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });
});

describe.each(KEEP_WARM.map((one) => [one]))("$id", (recommender) => {
  it("leaves the backbone's scores of warm items as they are", async () => {
    const train = twoTastes();
    const context = contextOf(recommender.id);
    const scores = await scoresOf(recommender, train, FAST, context);
    const choice = resolveOptions(recommender, FAST) as BackboneChoice;
    const { value } = await warmBackbone(train, choice, context);
    const cases = train.users.keys.map((_, user) => ({ user }));
    const bare = await innerProducts(value, cases, context.signal);
    scores.forEach((row, user) => {
      row.slice(0, WARM).forEach((score, item) => {
        expect(score).toBeCloseTo(bare[user * ITEMS + item], 5);
      });
    });
  });
});

const SHORT = { embeddingSize: 8, learningRate: 0.05, epochs: 60, batchSize: 32 };

describe("a content model's backbone", () => {
  it.each([
    { backbone: "als", training: BACKBONE.training },
    { backbone: "bpr-mf", training: SHORT },
    { backbone: "lightgcn", training: { ...SHORT, layers: 2 } },
  ])("may be $backbone: new items are ranked by what users like", async (choice) => {
    const scores = await scoresOf(dropoutNet, twoTastes(), { ...FAST, ...choice });
    expect(scores.flat().every(Number.isFinite)).toBe(true);
    expect(separates(scores)).toBe(true);
  });
});
