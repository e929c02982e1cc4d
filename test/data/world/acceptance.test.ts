import { describe, expect, it } from "vitest";
import { Acceptance } from "./acceptance-figures.js";
import { histories, small } from "./support.js";

/** Bounds are those of the recipe, or follow from it; what was measured stands in docs/world.md. */
const acceptance = new Acceptance(small, histories.slice(0, 500));

describe("within rated pairs of cold films, taste known", () => {
  const { cases, content, knowledge, knowable, oracle } = acceptance.knownTaste(true);

  it("has at least 1,000 cases", () => {
    expect(cases).toBeGreaterThan(1000);
  });

  it("knowledge beats the best model of item text by .05 AUC, and text beats chance", () => {
    expect(content).toBeGreaterThan(0.6);
    expect(knowledge - content).toBeGreaterThan(0.05);
  });

  it("the oracle is the ceiling, and what can be known comes below it", () => {
    expect(knowable).toBeGreaterThan(knowledge + 0.05);
    expect(oracle).toBeGreaterThan(knowable + 0.02);
  });
});

describe("within rated pairs of cold films, taste inferred from past ratings", () => {
  const { content, knowledge, twin } = acceptance.inferredTaste();

  it("knowledge still beats text and directors' names, and text beats chance", () => {
    expect(content.auc).toBeGreaterThan(0.6);
    // The full population gives more than .05 (docs/world.md); these are 500 users, with a standard error of .008.
    expect(knowledge.auc - content.auc).toBeGreaterThan(0.035);
  });

  it("a look-up of genres is no judgement: within a user and a genre, text is weak and knowledge is not", () => {
    expect(knowledge.withinGenre).toBeGreaterThan(content.withinGenre + 0.04);
    expect(knowledge.withinGenre).toBeGreaterThan(0.58);
  });

  it("knowledge finds more of the new films that are seen", () => {
    expect(knowledge.recall).toBeGreaterThan(content.recall + 0.01);
  });

  it("a permuted table of directors loses the advantage", () => {
    expect(twin.auc).toBeLessThan(content.auc + 0.01);
    expect(twin.recall).toBeLessThan(content.recall + 0.01);
  });
});

describe("warm films", () => {
  it("are told apart by the latent factors, which no text tells of", () => {
    expect(acceptance.knownTaste(false).latent).toBeGreaterThan(0.6);
  });

  it("show their latent factors in who sees them together: what collaborative filtering learns", () => {
    expect(acceptance.latentShown()).toBeGreaterThan(0.05);
  });
});

describe("random order", () => {
  it("finds less than 6 % of the cold items among the first 20", () => {
    expect(20 / small.catalogue.films.filter((film) => film.isNew).length).toBeLessThan(0.06);
  });
});

describe("genres of the next ten liked films", () => {
  it("are predicted well by the history's commonest genres, and better by the truth", () => {
    const { overall, history, oracle } = acceptance.genreRecall();
    expect(history).toBeGreaterThan(overall + 0.03);
    expect(oracle).toBeGreaterThan(history + 0.05);
  });
});
