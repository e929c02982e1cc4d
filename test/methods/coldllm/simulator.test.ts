import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { csrFromPairs, hasEntry, rowIndices } from "../../../src/data/csr.js";
import type { ItemTable } from "../../../src/data/dataset.js";
import { COLDLLM_ARMS, coldLlm } from "../../../src/methods/coldllm/coldllm.js";
import { topUsers } from "../../../src/methods/coldllm/top-users.js";
import { refine, statesOf } from "../../../src/methods/coldllm/funnel.js";
import { fitter, mostSimilar, wordedHistories } from "../../../src/methods/coldllm/history.js";
import { itemInWords } from "../../../src/data/items-in-words.js";
import { acceptedPairs, firstPairs, uniformPairs } from "../../../src/methods/coldllm/pairs.js";
import { judgeSamples, trainingPair } from "../../../src/methods/coldllm/samples.js";
import { simulator } from "../../../src/methods/coldllm/simulator.js";
import { LocalModel } from "../../../src/llm/local/local-model.js";
import { PROJECTIONS } from "../../../src/llm/checkpoint/tensors.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { ScriptedModel } from "../../llm/scripted-model.js";
import { callContext, GOLDENS, goldenModel, temporaryFolder, writeTinyModel } from "../../llm/tiny-models.js";
import { failureOf } from "../../data/readers/files.js";
import { contextOf, matrixOf, trainingOf } from "../../recommenders/support.js";
import { colourJudge, lend, twoColours } from "./two-colours.js";

const ALS = { backbone: "als", training: { factors: 2, regularization: 0.1, alpha: 5 } };
const WORDS = {
  judge: "zero-shot",
  embed: { from: "words", size: 4 },
  filter: { users: 6, hidden: 8, size: 4, epochs: 30, batchSize: 16, learningRate: 0.02 },
};

describe("items in words", () => {
  it("are title, genres and maker, or all text where there is no title", () => {
    const items: ItemTable = {
      keys: ["a", "b", "c"],
      titles: ["Alien", "", ""],
      texts: { director: ["Ridley Scott", "", ""], tags: ["", "graph, web", ""] },
      categoryNames: ["Horror"],
      categories: [[0], [], []],
      attributes: {},
    };
    expect([0, 1, 2].map((item) => itemInWords(items, item))).toEqual([
      '"Alien" (Horror; Ridley Scott)',
      "graph, web",
      "",
    ]);
  });
});

describe("what the judge learns from", () => {
  const train = twoColours();

  it("is one Yes and one No a user, from other items than the history", () => {
    const samples = judgeSamples(train, { history: 3, users: 100, preference: "seen" }, Random.fromSeed(1));
    expect(samples.length).toBe(32);
    for (const { user, history, target, liked } of samples) {
      expect(hasEntry(train.matrix, user, target)).toBe(liked);
      expect(history.length).toBeLessThanOrEqual(3);
      expect(history.length).toBeGreaterThan(0);
      for (const item of history) {
        expect(item).not.toBe(target);
        expect(hasEntry(train.matrix, user, item)).toBe(true);
      }
      expect(train.coldItems[target]).toBe(0);
    }
    expect(samples.filter(({ liked }) => liked).length).toBe(16);
    // In random order, alike for a seed, and of fewer users where fewer are asked for.
    expect(samples.map(({ liked }) => liked)).not.toEqual(samples.map((_, n) => n % 2 === 0));
    expect(judgeSamples(train, { history: 3, users: 100, preference: "seen" }, Random.fromSeed(1))).toEqual(
      samples,
    );
    const few = judgeSamples(train, { history: 3, users: 5, preference: "seen" }, Random.fromSeed(1));
    expect(new Set(few.map(({ user }) => user)).size).toBe(5);
  });

  it("takes the Yes from validation pairs where it is to be checked, and never names one as No", () => {
    const targets = csrFromPairs(16, 16, [0, 1, 3], [11, 10, 13]);
    const samples = judgeSamples(
      train,
      { history: 3, users: 100, preference: "seen" },
      Random.fromSeed(2),
      targets,
    );
    expect(
      samples
        .filter(({ liked }) => liked)
        .map(({ user, target }) => [user, target])
        .sort(),
    ).toEqual([
      [0, 11],
      [1, 10],
      [3, 13],
    ]);
    for (const { user, target, liked } of samples)
      if (!liked) expect(hasEntry(targets, user, target) || hasEntry(train.matrix, user, target)).toBe(false);
  });

  it("asks in the words of a judgement", () => {
    const sample = { user: 0, history: Int32Array.of(0, 2), target: 4, liked: true };
    expect(trainingPair(train, sample, "thing")).toEqual({
      prompt: 'User preference: "red a", "red c".\nWhether the user will like the target thing "red e"?',
      completion: " Yes",
    });
    expect(trainingPair(train, { ...sample, liked: false }, "thing").completion).toBe(" No");
  });

  it("leaves out items without words and users with one item", () => {
    const titles = train.items.titles.map((title, item) => (item === 3 ? "" : title));
    const silent = { ...train, items: { ...train.items, titles } };
    const lonely = trainingOf(
      matrixOf([
        [1, 0, 1],
        [1, 0, 0],
      ]),
      ["x", "y", "z"],
    );
    for (const { history, target } of judgeSamples(
      silent,
      { history: 20, users: 100, preference: "seen" },
      Random.fromSeed(1),
    ))
      expect([...history, target]).not.toContain(3);
    expect(
      new Set(
        judgeSamples(lonely, { history: 2, users: 9, preference: "seen" }, Random.fromSeed(1)).map(
          ({ user }) => user,
        ),
      ),
    ).toEqual(new Set());
  });
});

describe("histories", () => {
  it("are of all items, or of liked ones where there are some", () => {
    const train = trainingOf(
      matrixOf([
        [1, 1, 1],
        [1, 0, 1],
      ]),
      ["x", "y", "z"],
    );
    const rated = {
      ...train,
      interactions: { ...train.interactions, values: Float32Array.of(5, 2, 4, 1, 3) },
    };
    const lists = (...given: Parameters<typeof wordedHistories>) =>
      wordedHistories(...given).map((list) => [...list]);
    expect(lists(rated)).toEqual([
      [0, 1, 2],
      [0, 2],
    ]);
    expect(lists(rated, "liked")).toEqual([
      [0, 2],
      [0, 2],
    ]);
    expect(lists(train, "liked")).toEqual(lists(train));
  });

  it("are ordered by similarity to the target, of equals the earlier", () => {
    const states = { size: 2, data: Float32Array.of(1, 0, 0, 1, 2, 2, 5, 0, 0, 0) };
    expect([...mostSimilar(Int32Array.of(1, 2, 3, 4), 0, states, 3)]).toEqual([3, 2, 1]);
    expect([...mostSimilar(Int32Array.of(4, 1, 3), 0, states, 2)]).toEqual([3, 4]);
  });

  it("are shortened to what the model can read", async () => {
    const root = await temporaryFolder();
    const model = await LocalModel.open(await goldenModel(root, "qwen3"), {
      cacheDir: join(root, "cache"),
      context: 64,
    });
    try {
      const fit = await fitter(model, 8);
      const train = twoColours();
      const list = wordedHistories(train)[0];
      const promptOf = (part: Int32Array) =>
        Array.from(part, (item) => itemInWords(train.items, item)).join(", ");
      const tokenizer = await model.tokenizer();
      const part = fit(list, promptOf);
      expect(tokenizer.encodePrompt(promptOf(part)).length).toBeLessThanOrEqual(56);
      if (part.length < list.length)
        expect(tokenizer.encodePrompt(promptOf(list.subarray(0, part.length + 1))).length).toBeGreaterThan(
          56,
        );
      expect(fit(Int32Array.of(0), () => "x".repeat(1000)).length).toBe(0);
    } finally {
      await model.close();
      await rm(root, { recursive: true });
    }
  });
});

describe("the filter", () => {
  it("finds the users of highest score (by plain loops)", async () => {
    const random = Random.fromSeed(4);
    const users = { size: 3, data: random.normals(700 * 3) };
    const items = { size: 3, data: random.normals(5 * 3) };
    const eligible = Int32Array.from({ length: 700 }, (_, n) => n).filter((n) => n % 7 !== 0);
    const found = await topUsers(
      { users, items },
      Int32Array.of(1, 4),
      eligible,
      10,
      new AbortController().signal,
    );
    for (const [n, item] of [1, 4].entries()) {
      const score = (user: number) =>
        [0, 1, 2].reduce((sum, d) => sum + users.data[3 * user + d] * items.data[3 * item + d], 0);
      const expected = [...eligible].sort((a, b) => score(b) - score(a)).slice(0, 10);
      expect([...found.users.subarray(10 * n, 10 * n + 10)]).toEqual(expected);
      expect([...found.items.subarray(10 * n, 10 * n + 10)]).toEqual(expected.map(() => item));
      expected.forEach((user, at) => {
        expect(found.scores![10 * n + at]).toBeCloseTo(score(user), 5);
      });
    }
  });

  it.each([
    { towers: "both" },
    { towers: "semantic" },
    { towers: "collaborative" },
    { towers: "collaborative", collaborative: "v1" },
  ])(
    "learns whom an item's words are for: %o",
    async (choice) => {
      const train = twoColours();
      const options = resolveOptions(coldLlm, { ...ALS, ...WORDS, filter: { ...WORDS.filter, ...choice } });
      const fitted = await COLDLLM_ARMS[0].fit(train, options, contextOf("coldllm-filter"));
      const { users, items } = fitted.simulated!.at(-1)!;
      expect(users.length).toBe(24);
      const right = users.filter((user, at) => user % 2 === items[at] % 2).length;
      expect(right).toBeGreaterThanOrEqual(22);
    },
    30_000,
  );
});

describe("accepted pairs", () => {
  const judgements = {
    users: Int32Array.of(0, 1, 2, 3, 4),
    items: Int32Array.of(7, 7, 7, 8, 8),
    accepted: Uint8Array.of(1, 0, 0, 1, 1),
    logOdds: Float32Array.of(0.5, -1, -1, 2, 3),
  };

  it("are those of Yes, or so many of each item by log-odds", () => {
    expect([...acceptedPairs(judgements).users]).toEqual([0, 3, 4]);
    expect([...acceptedPairs(judgements, 1).users]).toEqual([0, 4]);
    expect([...acceptedPairs(judgements, 2).users]).toEqual([0, 1, 3, 4]);
    expect(() => acceptedPairs({ ...judgements, logOdds: null }, 2)).toThrow(/no log-odds/);
  });

  it("are as many of each item as is said, by log-odds", () => {
    const counts = new Int32Array(9);
    counts.set([2, 1], 7);
    expect([...acceptedPairs(judgements, counts).users]).toEqual([0, 1, 4]);
    expect([...acceptedPairs(judgements, new Int32Array(9)).users]).toEqual([]);
  });

  it("can be so many in all, equally many of each item's but for the last round, which goes by log-odds", () => {
    const three = {
      users: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7),
      items: Int32Array.of(6, 6, 6, 7, 7, 8, 8, 8),
      accepted: Uint8Array.of(1, 1, 1, 0, 0, 1, 1, 0),
      logOdds: Float32Array.of(3, 2, 1, -1, -3, 5, -2, 9),
    };
    const usersOf = (total: number) => [...uniformPairs(three, total).users];
    // One each; then of the seconds 5 (item 8) and 2 (item 6) before -3 (item 7).
    expect(usersOf(3)).toEqual([0, 3, 7]);
    expect(usersOf(5)).toEqual([0, 1, 3, 5, 7]);
    // Item 7 has no third.
    expect(usersOf(7)).toEqual([0, 1, 2, 3, 4, 5, 7]);
    for (let total = 0; total <= 8; total++) expect(usersOf(total).length).toBe(total);
    expect(() => uniformPairs({ ...three, logOdds: null }, 2)).toThrow(/no log-odds/);
  });

  it("can be the filter's first ones instead", () => {
    const counts = new Int32Array(9);
    counts.set([2, 1], 7);
    expect([...firstPairs(judgements, counts).users]).toEqual([0, 1, 3]);
  });
});

describe("coldllm with a judge", () => {
  const train = twoColours();
  const options = resolveOptions(coldLlm, { ...ALS, ...WORDS });

  it("asks about every candidate once, keeps the log-odds, and learns from Yes", async () => {
    const model = colourJudge();
    const context = lend(contextOf("coldllm"), model);
    const fitted = await coldLlm.fit(train, options, context);
    const [shown, pairs] = fitted.simulated!;
    expect(shown.users.length).toBe(24);
    expect(model.asked.length).toBe(24);
    expect(context.cost.total.llmCalls).toBe(24);
    pairs.users.forEach((user, at) => {
      expect(user % 2).toBe(pairs.items[at] % 2);
    });
    const again = await refine(train, options, context);
    expect(model.asked.length).toBe(24);
    again.logOdds!.forEach((odds, at) => {
      expect(odds).toBeCloseTo(again.accepted[at] === 1 ? 2.9 : -2.9, 5);
    });
    // The users of no simulated pair are reached through their taste.
    const scores = await fitted.answer(
      train.users.keys.map((_, user) => ({ user })),
      context,
    );
    for (let user = 0; user < 16; user++) {
      const [own, other] = [12 + (user % 2), 13 - (user % 2)];
      expect(scores[16 * user + own]).toBeGreaterThan(scores[16 * user + other]);
    }
  }, 30_000);

  it("shows the judge a user's items most like the target, random ones, or the first", async () => {
    const asked = async (choose: string) => {
      const model = colourJudge();
      const own = resolveOptions(coldLlm, {
        ...{ ...ALS, ...WORDS, filter: { ...WORDS.filter, epochs: 1 } },
        refine: { choose, history: 2 },
      });
      await refine(train, own, lend(contextOf("coldllm"), model));
      return model.asked;
    };
    const named = (prompt: string) => prompt.split("\n")[0].match(/(red|blue) [a-p]/g)!;
    const target = (prompt: string) => /"(red|blue) ([a-p])"/.exec(prompt.split("\n")[1])![0].slice(1, -1);
    for (const choose of ["similar", "random", "first"])
      for (const prompt of await asked(choose)) expect(named(prompt).length).toBe(2);
    expect(await asked("first")).not.toEqual(await asked("random"));
    const first = wordedHistories(train)[1].subarray(0, 2);
    const titles = Array.from(first, (item) => train.items.titles[item]);
    expect((await asked("first")).map(named)).toContainEqual(titles);
    // Of "similar" exactly the nearest by the items' vectors.
    const model = colourJudge();
    const own = resolveOptions(coldLlm, {
      ...{ ...ALS, ...WORDS, filter: { ...WORDS.filter, epochs: 1 } },
      refine: { choose: "similar", history: 1 },
    });
    const context = lend(contextOf("coldllm"), model);
    const { users, items } = await refine(train, own, context);
    const { value: states } = await statesOf(train, own, context);
    const cosine = (a: number, b: number) => {
      const { size, data } = states.items;
      const [x, y] = [a, b].map((item) => Array.from(data.subarray(item * size, (item + 1) * size)));
      const product = (p: number[], q: number[]) => p.reduce((sum, value, d) => sum + value * q[d], 0);
      return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
    };
    const histories = wordedHistories(train);
    expect(model.asked.length).toBe(users.length);
    users.forEach((user, at) => {
      const nearest = [...histories[user]].sort((a, b) => cosine(b, items[at]) - cosine(a, items[at]));
      expect(target(model.asked[at])).toBe(train.items.titles[items[at]]);
      expect(named(model.asked[at])).toEqual([train.items.titles[nearest[0]]]);
    });
  }, 30_000);

  it("has arms with as many pairs: in all where every item has equally many, of each item where the model is as it is", async () => {
    const armOf = (id: string) => COLDLLM_ARMS.find((one) => one.id === id)!;
    const pairsOf = async (arm: typeof coldLlm, judge = colourJudge()) =>
      (await arm.fit(train, options, lend(contextOf(arm.id), judge))).simulated!.at(-1)!;
    const perItem = (items: Int32Array) =>
      [12, 13, 14, 15].map((item) => items.filter((one) => one === item).length);
    // Yes to the red users alone, so that items have different numbers of pairs.
    const partial = () =>
      new ScriptedModel({
        judge: (prompt) => (prompt.split("\n")[0].includes("red a") ? [-0.1, -3] : [-3, -0.1]),
      });
    const own = await pairsOf(coldLlm, partial());
    const counts = perItem(own.items);
    expect(new Set(counts).size).toBeGreaterThan(1);
    const top = await pairsOf(armOf("coldllm-zero-shot-top"), partial());
    expect(perItem(top.items)).toEqual(counts);
    const uniform = await pairsOf(armOf("coldllm-uniform"), partial());
    expect(uniform.users.length).toBe(own.users.length);
    expect(Math.max(...perItem(uniform.items)) - Math.min(...perItem(uniform.items))).toBeLessThanOrEqual(1);
  }, 30_000);

  it("counts for other arms without charging them, and judges random users where there is no filter", async () => {
    const model = colourJudge();
    const context = lend(contextOf("coldllm-random"), model);
    const random = COLDLLM_ARMS.find(({ id }) => id === "coldllm-random")!;
    const fitted = await random.fit(train, options, context);
    expect(model.asked.length).toBe(24);
    expect(context.cost.total.llmCalls).toBe(0);
    expect(fitted.simulated!.length).toBe(1);
    const unfiltered = COLDLLM_ARMS.find(({ id }) => id === "coldllm-random-judged")!;
    const judged = await unfiltered.fit(
      train,
      options,
      lend(contextOf("coldllm-random-judged"), colourJudge()),
    );
    const [shown, pairs] = judged.simulated!;
    expect(shown.users.length).toBe(24);
    expect(pairs.users.length).toBeLessThan(20);
    pairs.users.forEach((user, at) => {
      expect(user % 2).toBe(pairs.items[at] % 2);
    });
  }, 30_000);

  it("refuses what can't be done, saying what can", async () => {
    const tuned = resolveOptions(coldLlm, { ...ALS, embed: { from: "words" } });
    const context = lend(contextOf("coldllm"), colourJudge());
    expect(await failureOf(coldLlm.fit(train, tuned, context))).toMatchObject({
      exit: 4,
      code: "UNSUPPORTED_OPERATION",
      hint: expect.stringContaining("judge=zero-shot") as string,
    });
    const silent = { ...train, items: { ...train.items, titles: train.items.titles.map(() => "") } };
    expect(await failureOf(coldLlm.fit(silent, options, context))).toMatchObject({
      exit: 3,
      code: "NO_TEXT",
    });
  });
});

describe("coldllm with a small model of this machine", () => {
  let root: string;
  let model: LocalModel;
  beforeAll(async () => {
    root = await temporaryFolder();
    const config = { ...GOLDENS.models.qwen3.config, max_position_embeddings: 256 };
    model = await LocalModel.open(await writeTinyModel(join(root, "model"), config), {
      cacheDir: join(root, "cache"),
      adapted: PROJECTIONS,
    });
  });
  afterAll(async () => {
    await model.close();
    await rm(root, { recursive: true, force: true });
  });

  it("tunes the judge, embeds with it, and takes the adapter off again", async () => {
    const train = twoColours();
    const warm = csrFromPairs(
      16,
      16,
      [0, 1],
      [rowIndices(train.matrix, 2)[0], rowIndices(train.matrix, 3)[0]],
    );
    const data = { ...train, validation: { ...train.validation, warm } };
    const options = resolveOptions(coldLlm, {
      ...ALS,
      tuning: { users: 8, history: 2, epochs: 1, batchSize: 8, rank: 2, learningRate: 0.01 },
      embed: { history: 3 },
      filter: { users: 3, hidden: 4, size: 4, epochs: 1 },
      refine: { history: 2 },
    });
    const base = model.identity;
    const prompt = { prompt: "User preference:", continuations: [" Yes", " No"] };
    const [before] = await model.choose([prompt], callContext());
    const context = lend(contextOf("coldllm"), model);
    const fitted = await coldLlm.fit(data, options, context);
    expect(fitted.simulated![0].users.length).toBe(12);
    expect(model.identity).toEqual(base);
    const [after] = await model.choose([prompt], callContext());
    expect(after.logProbs).toEqual(before.logProbs);
    // 16 users and 16 items embedded, 12 pairs judged.
    expect(context.cost.total.llmCalls).toBe(44);
    // The adapter of a finished run, given to another, judges and embeds alike: the same answers, and nothing is tuned.
    const tunedJudge = await simulator(data, options, context);
    const elsewhere = lend(contextOf("coldllm", 1, new Map([["simulator", tunedJudge!.path]])), model);
    const given = await coldLlm.fit(data, options, elsewhere);
    expect(given.simulated).toEqual(fitted.simulated);
    expect((await simulator(data, options, elsewhere))!.key).toMatch(/^file:/);
    const arm = COLDLLM_ARMS.find(({ id }) => id === "coldllm-zero-shot")!;
    const apart = lend({ ...contextOf("coldllm-zero-shot"), stages: context.stages }, model);
    const untuned = await arm.fit(data, options, apart);
    // The same candidates by the tuned model's filter, judged by the model as it is.
    expect(untuned.simulated![0].users).toEqual(fitted.simulated![0].users);
    expect(untuned.simulated![0].logOdds).not.toEqual(fitted.simulated![0].logOdds);
    const zeroShot = await refine(data, { ...options, judge: "zero-shot" }, context);
    const tuned = await refine(data, options, context);
    expect(zeroShot.logOdds).not.toEqual(tuned.logOdds);
  }, 60_000);
});
