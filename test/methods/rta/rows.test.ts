import { describe, expect, it } from "vitest";
import { CostMeter } from "../../../src/core/cost.js";
import { ownRecall } from "../../../src/methods/rta/figures.js";
import { RTA } from "../../../src/methods/rta/rows.js";
import { unseenItems } from "../../../src/methods/rta/lessons.js";
import { conversationProtocol } from "../../../src/tasks/conversation-protocol.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import type { Recommender } from "../../../src/recommenders/recommender.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import type { ConversationAnswers } from "../../../src/tasks/conversation.js";
import { contextOf } from "../../recommenders/support.js";
import { talk } from "../../recommenders/dialogue/talk.js";
import { Talker } from "./talker.js";

const COLOURS = ["red", "blue", "green", "black", "white", "pink", "grey", "gold"];
const THINGS = ["car", "house", "river", "moon", "tree", "road", "wind", "bird"];
const TITLES = COLOURS.flatMap((colour) => THINGS.map((thing) => `${colour} ${thing}`));

/** What the seeker of each dialogue says. */
const said = (dialogue: number) => (dialogue * 7) % TITLES.length;

/** Seekers say a title's words; the platform recommends what follows it in the catalogue, and item 0 most often. */
const dataset = talk(
  TITLES,
  ...Array.from({ length: 200 }, (_, n) => [
    `S ${TITLES[said(n)]}`,
    `R try ${n % 3 === 0 ? 0 : (said(n) + 1) % TITLES.length}`,
  ]),
);
const protocol = conversationProtocol(
  dataset,
  makeSplit(dataset, "dialogue-time", { validation: 0.2, test: 0.3 }),
);

async function answer(
  id: string,
  given: Record<string, unknown> = {},
  model = new Talker(TITLES),
  { training, turns } = protocol,
  seed = 1,
) {
  const row = RTA.find((one) => one.id === id) as unknown as Recommender<"conversation">;
  const cost = new CostMeter();
  const context = { ...contextOf(id, seed), cost, llm: () => Promise.resolve(model) };
  const fitted = await row.fit(training, resolveOptions(row, given), context);
  const answers = await fitted.answer(turns, context);
  const figures = ((await fitted.figures?.(turns, context)) ?? {}) as Record<string, number>;
  return { answers, cost, figures, model };
}

/** How many items have a higher score in the first case. */
function placeOf(answers: ConversationAnswers, item: number): number {
  if (!(answers instanceof Float32Array)) throw new Error("no scores");
  return answers.slice(0, TITLES.length).filter((score) => score > answers[item]).length;
}

/** What the seeker of the first test dialogue said. */
const SAID = said(protocol.turns[0].dialogue);

describe("Reindex-Then-Adapt", () => {
  it("reindexed, finds what the model itself would name, also where it never met the item: a free table can't", async () => {
    const options = { epochs: 40, patience: 40, learningRate: 0.02, batchSize: 64, labels: 1, unseen: 0.4 };
    const titles = await answer("rta-weighted", options);
    const table = await answer("rta-table", options);
    expect(unseenItems(protocol.training.candidates, 0.4, 1).size).toBe(25);
    expect(titles.figures["own-recall@10"]).toBeGreaterThan(table.figures["own-recall@10"]);
    // Among the 25, where ten of them are .4 by chance.
    expect(titles.figures["own-recall-unseen@10"]).toBeGreaterThan(0.8);
    expect(table.figures["own-recall-unseen@10"]).toBeLessThan(0.6);
  });

  it("is judged on items that it met without those that it never met in between, and on those without the others", async () => {
    const { training, turns } = protocol;
    const options = { labels: 1, unseen: 0.2 };
    const never = unseenItems(training.candidates, options.unseen, 1);
    const context = { ...contextOf("any"), llm: () => Promise.resolve(new Talker(TITLES)) };
    /** What the model would name stands behind all items of one kind and before all others. */
    const behind = async (stands: (item: number) => boolean) => {
      const scores = Float32Array.from(
        turns.flatMap(({ dialogue }) =>
          TITLES.map((_, item) => (stands(item) ? 2 : 0) + (item === said(dialogue) ? 1 : 0)),
        ),
      );
      return ownRecall(training, options, turns, () => Promise.resolve(scores), context);
    };
    const unmetFirst = await behind((item) => never.has(item));
    expect(unmetFirst["own-recall-met@10"]).toBe(1);
    expect(unmetFirst["own-recall@10"]).toBeLessThan(1);
    const metFirst = await behind((item) => !never.has(item));
    expect(metFirst["own-recall-unseen@10"]).toBe(1);
    expect(metFirst["own-recall@10"]).toBeLessThan(1);
  });

  it("trains a GRU to find them", async () => {
    const options = { epochs: 4, patience: 4, learningRate: 0.01, batchSize: 64, labels: 1, unseen: 0 };
    const { figures } = await answer("rta-reindex", options);
    expect(figures["own-recall@10"]).toBeGreaterThan(0.5);
  });

  it("needs no training for the sum of token embeddings, and no list to answer", async () => {
    const { answers, model, cost } = await answer("rta-sum", { descriptions: false });
    // q is the sum of the words' embeddings, which is the item's embedding as well.
    const scores = (answers as Float32Array).slice(0, TITLES.length);
    const { data } = await model.embed(TITLES.map((title) => title));
    const expected = TITLES.map((_, item) => {
      let sum = 0;
      for (let d = 0; d < 8; d++) sum += data[SAID * 8 + d] * data[item * 8 + d];
      return sum;
    });
    scores.forEach((score, item) => {
      expect(score).toBeCloseTo(expected[item], 4);
    });
    expect(cost.total.completionTokens).toBe(0);
  });

  it("adapted, follows the platform; a gate tells its share", async () => {
    const adapt = { epochs: 10, patience: 10, learningRate: 0.05, batchSize: 64, weightDecay: [0] };
    const base = { aggregator: "sum", unseen: 0 };
    const plain = (await answer("rta-reindex", base)).answers as Float32Array;
    const biased = (await answer("rta-bias", { ...base, adapt })).answers as Float32Array;
    // Item 0 is recommended more often than any other.
    const shift = Array.from(biased.slice(0, TITLES.length), (score, item) => score - plain[item]);
    expect(shift.indexOf(Math.max(...shift))).toBe(0);
    const { figures } = await answer("rta-gate", {
      ...base,
      adapt,
      fism: { epochs: 2, weightDecay: [0.1], embeddingSize: 4 },
    });
    expect(figures["gate-share"]).toBeGreaterThan(0);
    expect(figures["gate-share"]).toBeLessThan(1);
    const sasrec = await answer("rta-gate", {
      ...base,
      ...{ adapt, classic: "sasrec" },
      sasrec: { epochs: 2, weightDecay: [0.1], embeddingSize: 4, inner: 4 },
    });
    expect(sasrec.figures["gate-share"]).toBeGreaterThan(0);
    expect(sasrec.figures["gate-share"]).toBeLessThan(1);
    expect(sasrec.figures["gate-share"]).not.toBe(figures["gate-share"]);
  });

  const quick = {
    ...{ aggregator: "weighted", labels: 1, unseen: 0.2, epochs: 1, batchSize: 64 },
    adapt: { epochs: 1, learningRate: 0.05, batchSize: 64, weightDecay: [0] },
  };

  it.each([
    ["rta-dense", {}],
    ["rta-llm-popularity", { labels: 1, unseen: 0.2 }],
    ["rta-transformer", { labels: 1, unseen: 0.2, epochs: 1 }],
    ["rta-sum", { unseen: 0.2, told: "words" }],
    ["rta-scale", quick],
    ["rta", { ...quick, mask: false, grounding: "nearest", removeAccidentalHits: false }],
    ["rta-gate-sasrec", { ...quick, sasrec: { epochs: 1, weightDecay: [0], embeddingSize: 4, inner: 4 } }],
  ])("%s scores every item of every turn, and tells its figures", async (id, options) => {
    const { answers, figures } = await answer(id, options, new Talker(TITLES, 128));
    expect(answers).toHaveLength(protocol.turns.length * TITLES.length);
    expect((answers as Float32Array).every(Number.isFinite)).toBe(true);
    expect(Object.keys(figures).sort()).toEqual([
      ...(id === "rta-llm-popularity" ? [] : ["dialogues-cut"]),
      ...(id.startsWith("rta-gate") ? ["gate-share"] : []),
      ...(id === "rta-dense" ? [] : ["own-recall-met@10", "own-recall-unseen@10", "own-recall@10"]),
    ]);
  });

  it("dense retrieval puts the item first whose words were said", async () => {
    expect(placeOf((await answer("rta-dense")).answers, SAID)).toBe(0);
  });

  it("popularity of the model's answers is the same for everyone", async () => {
    const { answers } = await answer("rta-llm-popularity", { labels: 1 });
    const scores = answers as Float32Array;
    expect(scores.slice(0, TITLES.length)).toEqual(scores.slice(TITLES.length, 2 * TITLES.length));
    // What the seekers of the training and validation dialogues said, which the model would recommend: training counts.
    const counts = TITLES.map(
      (_, item) => protocol.training.samples.filter(({ dialogue }) => said(dialogue) === item).length,
    );
    expect([...scores.slice(0, TITLES.length)]).toEqual(counts);
  });

  it("the untrained sum ranks alike whatever the seed, and is judged on the seed's unseen items", async () => {
    const all = await Promise.all(
      [1, 2, 3, 4].map((seed) =>
        answer("rta-sum", { labels: 1, unseen: 0.4 }, new Talker(TITLES), protocol, seed),
      ),
    );
    const [first, second] = all;
    expect(RTA.find(({ id }) => id === "rta-sum")!.seeded).toBe(true);
    expect(second.answers).toEqual(first.answers);
    expect(second.figures["own-recall@10"]).toBe(first.figures["own-recall@10"]);
    expect(new Set(all.map(({ figures }) => figures["own-recall-met@10"])).size).toBeGreaterThan(1);
  });

  it("told less, answers by what is left", async () => {
    // Nobody names an item where a title has no mention: nothing is left, and the state of nothing is zero.
    const { answers } = await answer("rta-sum", { told: "items" });
    expect((answers as Float32Array).every((score) => score === 0)).toBe(true);
    const list = await answer("rta-zero-shot", { told: "items" });
    if (list.answers instanceof Float32Array) throw new Error("scores");
    expect(list.answers[0].texts).toEqual([]);
  });

  it("tunes the aggregator where that is asked for, so that not the items' numbers alone change", async () => {
    const { adapt, ...reindexing } = quick;
    const plain = (await answer("rta-reindex", reindexing)).answers as Float32Array;
    /** How much an item's change of score differs between two dialogues. */
    const spread = async (tune: boolean) => {
      const { answers } = await answer("rta-bias", { ...quick, adapt: { ...adapt, tune } });
      const shift = (row: number, item: number) => {
        const position = row * TITLES.length + item;
        return (answers as Float32Array)[position] - plain[position];
      };
      return Math.max(...TITLES.map((_, item) => Math.abs(shift(0, item) - shift(1, item))));
    };
    expect(await spread(false)).toBeLessThan(1e-4);
    expect(await spread(true)).toBeGreaterThan(1e-2);
  });

  it("decays factors to 1, or to 0 where that is asked for", async () => {
    const base = { aggregator: "sum", unseen: 0 };
    const plain = (await answer("rta-reindex", base)).answers as Float32Array;
    /** The middle of the factors that scores were multiplied with. */
    const factor = async (scaleDecay: string) => {
      const adapt = { ...quick.adapt, learningRate: 0.01, weightDecay: [50], scaleDecay };
      const scores = (await answer("rta-scale", { ...base, adapt })).answers as Float32Array;
      const ratios = Array.from(scores.slice(0, TITLES.length), (score, item) => score / plain[item]);
      return ratios.sort((a, b) => a - b)[TITLES.length / 2];
    };
    expect(Math.abs((await factor("identity")) - 1)).toBeLessThan(0.1);
    expect(await factor("zero")).toBeLessThan(0.6);
  });

  it("puts a trained classic behind the gate, or one that knows nothing", async () => {
    const base = { aggregator: "sum", unseen: 0, fism: { epochs: 2, weightDecay: [0], embeddingSize: 4 } };
    const still = { ...quick.adapt, learningRate: 1e-9 };
    const plain = (await answer("rta-reindex", { aggregator: "sum", unseen: 0 })).answers as Float32Array;
    /** How far the gated scores are from half the model's and a number that is the same for all items. */
    const told = async (pretrained: boolean) => {
      const { answers } = await answer("rta-gate", { ...base, adapt: still, pretrained });
      const rest = Array.from((answers as Float32Array).slice(0, TITLES.length), (s, n) => s - plain[n] / 2);
      return Math.max(...rest) - Math.min(...rest);
    };
    expect(await told(false)).toBeLessThan(0.05);
    expect(await told(true)).toBeGreaterThan(0.5);
  });

  it("counts the dialogues that it is told cut, also where its stages are found finished", async () => {
    const model = new Talker(TITLES, 12);
    const row = RTA.find((one) => one.id === "rta-linear") as unknown as Recommender<"conversation">;
    const context = { ...contextOf("rta-linear"), llm: () => Promise.resolve(model) };
    const options = resolveOptions(row, { epochs: 1, weightDecay: [0] });
    const { training, turns } = protocol;
    const counted = async () => {
      const fitted = await row.fit(training, options, context);
      await fitted.answer(turns, context);
      return fitted.figures!(turns, context);
    };
    // Who says it, two words, and the beginning of a list: five of the four that the model takes.
    expect(await counted()).toEqual({ "dialogues-cut": turns.length });
    const asked = model.calls.encode;
    expect(await counted()).toEqual({ "dialogues-cut": turns.length });
    expect(model.calls.encode).toBe(asked);
    const long = talk(TITLES, ["S hi", "R 0"], ["S hi", "R 0"], ["S red car", "R 1", "S or house", "R 2"]);
    const split = makeSplit(long, "dialogue-time", { validation: 1 / 3, test: 1 / 3 });
    const cut = async (takes: number) =>
      (await answer("rta-dense", {}, new Talker(TITLES, takes), conversationProtocol(long, split))).figures;
    // Two words before the first recommendation, five before the second.
    expect(await cut(10)).toEqual({ "dialogues-cut": 1 });
    expect(await cut(13)).toEqual({ "dialogues-cut": 0 });
  });

  it("a linear head learns the platform's answers from the state alone", async () => {
    const { answers } = await answer("rta-linear", {
      learningRate: 0.1,
      epochs: 80,
      patience: 80,
      weightDecay: [0],
    });
    expect(placeOf(answers, (SAID + 1) % TITLES.length)).toBeLessThan(2);
  });

  it("zero-shot lists are the model's own, matched to the catalogue", async () => {
    const { answers, cost } = await answer("rta-zero-shot");
    if (answers instanceof Float32Array) throw new Error("scores");
    expect(answers[0].texts[0]).toBe(TITLES[SAID]);
    expect(answers[0].items[0]).toBe(SAID);
    expect(cost.total.completionTokens).toBeGreaterThan(0);
  });

  it("tells which films the model names from their descriptions, at nobody's cost", async () => {
    // Named: the first, and its namesake. Not: one that is described as another, one without a description, one that says its title.
    const titles = ["red car", "red car", "blue moon", "green tree", "pink road"];
    const plot = ["A car, and red.", "Red is the car.", "A tree, and green.", "", "The pink road."];
    const base = talk(titles, ["S hi", "R 0"], ["S hi", "R 0"], ["S red car", "R 2"]);
    const described = { ...base, items: { ...base.items, texts: { plot } } };
    const own = (data: typeof base) =>
      conversationProtocol(data, makeSplit(data, "dialogue-time", { validation: 1 / 3, test: 1 / 3 }));
    const { figures, cost, model } = await answer("rta-zero-shot", {}, new Talker(titles), own(described));
    expect(figures).toEqual({ "names-described-items": 2 / 3 });
    expect(model.calls.generate).toBe(1 + 3);
    expect(cost.total.llmCalls).toBe(1);
    const untold = await answer("rta-zero-shot", {}, new Talker(titles), own(base));
    expect(untold.figures).toEqual({});
  });

  it("lists of titles alone hold none twice and none that was named", async () => {
    const { answers } = await answer("rta-zero-shot-titles", { length: 3 });
    if (answers instanceof Float32Array) throw new Error("scores");
    const items = [...answers[0].items];
    expect(items[0]).toBe(SAID);
    expect(new Set(items).size).toBe(3);
  });
});
