import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UsageError } from "../../../src/core/errors.js";
import { silentProgress } from "../../../src/core/progress.js";
import { Random } from "../../../src/core/random.js";
import { resolveConfig } from "../../../src/experiment/config.js";
import { ALL_RECOMMENDERS } from "../../../src/experiment/registry.js";
import { runTask } from "../../../src/experiment/run-task.js";
import { drawFrom, spaceOf, withOptions } from "../../../src/experiment/tuning/space.js";
import { bestOf, tuned, type Tuning } from "../../../src/experiment/tuning/tuned.js";
import { hasEntry } from "../../../src/data/csr.js";
import { aldi } from "../../../src/recommenders/cold-start/aldi.js";
import { popularity } from "../../../src/recommenders/controls/popularity.js";
import { itemKnn } from "../../../src/recommenders/neighbours/item-knn.js";
import type { Recommender } from "../../../src/recommenders/recommender.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { twoTastes, WARM } from "../../recommenders/cold-start/support.js";
import { contextOf, matrixOf, trainingOf } from "../../recommenders/support.js";

describe("the space of a recommender", () => {
  it("is read off its schema: bounds, defaults, flags and enumerations; what is set or only effort is left out", () => {
    const schema = z.strictObject({
      k: z.int().min(1).default(100),
      few: z.int().min(1).default(2),
      decay: z.number().min(0).default(0),
      dropout: z.number().min(0).max(0.5).default(0.1),
      rate: z.number().positive().default(0.01),
      share: z.number().positive().max(1).default(0.9),
      flag: z.boolean().default(false),
      way: z.enum(["a", "b"]).default("a"),
      epochs: z.int().min(1).default(300),
      grid: z.array(z.number()).default([1]),
      fixed: z.int().min(1).default(8),
    });
    expect(spaceOf({ options: schema }, { fixed: 3 })).toEqual({
      k: { kind: "log-uniform", low: 25, high: 400, whole: true },
      few: { kind: "log-uniform", low: 1, high: 8, whole: true },
      decay: { kind: "zero-or-log-uniform", low: 1e-6, high: 1e-2 },
      dropout: { kind: "uniform", low: 0, high: 0.5, whole: false },
      rate: { kind: "log-uniform", low: 0.0025, high: 0.04, whole: false },
      share: { kind: "uniform", low: 0, high: 1, whole: false },
      flag: { kind: "one-of", values: [false, true] },
      way: { kind: "one-of", values: ["a", "b"] },
    });
  });

  it("reaches into groups, leaves out what is set within them, and draws what lies in groups again", () => {
    const group = z.strictObject({
      rate: z.number().positive().default(0.1),
      set: z.int().min(1).default(2),
      epochs: z.int().min(1).default(3),
    });
    const options = z.strictObject({ top: z.boolean().default(true), group: group.prefault({}) });
    const space = spaceOf({ options }, { group: { set: 5 } });
    expect(Object.keys(space)).toEqual(["top", "group.rate"]);
    const drawn = drawFrom(space, Random.fromSeed("groups"));
    expect(drawn).toEqual({
      top: expect.any(Boolean) as boolean,
      group: { rate: expect.any(Number) as number },
    });
    const given = { top: true, group: { rate: 0.1, set: 5, epochs: 3 }, list: [1, 2] };
    expect(withOptions(given, { group: { rate: 0.3 }, list: [3] })).toEqual({
      top: true,
      group: { rate: 0.3, set: 5, epochs: 3 },
      list: [3],
    });
  });

  it("is that of the chosen backbone, with the model's own options", () => {
    const recommender = ALL_RECOMMENDERS.find(({ id }) => id === "aldi")!;
    const own = ["contentSize", "learningRate", "weightDecay", "hidden", "alpha", "beta", "gamma"];
    expect(Object.keys(spaceOf(recommender))).toEqual(["training.scaling", ...own]);
    const training = ["embeddingSize", "learningRate", "layers", "regularization"];
    expect(
      Object.keys(spaceOf(recommender, { backbone: "lightgcn", training: { layers: 2 }, beta: 0 })),
    ).toEqual([
      ...training.filter((name) => name !== "layers").map((name) => `training.${name}`),
      ...own.filter((name) => name !== "beta"),
    ]);
    expect(spaceOf(recommender, { backbone: "gru" })).toEqual({});
  });

  it.each(["deepmusic", "dropoutnet", "metaemb", "mtpr", "clcrec", "gar", "aldi"])(
    "of %s has its own options and not which content it reads",
    (id) => {
      const space = spaceOf(ALL_RECOMMENDERS.find((one) => one.id === id)!);
      expect(Object.keys(space)).toEqual(expect.arrayContaining(["learningRate", "contentSize"]));
      expect(Object.keys(space)).not.toContain("content");
    },
  );

  it("of ColdLLM has its stages' options and not what would make it another row", () => {
    const spaceFor = (id: string, given = {}) =>
      Object.keys(
        spaceOf(
          ALL_RECOMMENDERS.find((one) => one.id === id)!,
          given,
        ),
      );
    const space = spaceFor("coldllm");
    expect(space).toEqual(
      expect.arrayContaining([
        ...["training.learningRate", "tuning.rank", "tuning.learningRate", "embed.history"],
        ...["filter.hidden", "filter.learningRate", "refine.history", "refine.choose"],
      ]),
    );
    for (const name of ["judge", "update", "embed.from", "filter.users", "filter.towers", "filter.search"])
      expect(space).not.toContain(name);
    expect(space.filter((name) => name.startsWith("coldOnly"))).toEqual([]);
    expect(spaceFor("coldllm", { update: "cold-only" })).toContain("coldOnly.regularization");
    expect(spaceFor("coldllm-cold-only")).toContain("coldOnly.regularization");
    expect(spaceFor("coldllm", { judge: "zero-shot" })).not.toContain("tuning.rank");
    // It has ColdLLM's numbers of pairs whatever is tried, and nothing else of its funnel.
    expect(spaceFor("coldllm-content").every((name) => name.startsWith("training."))).toBe(true);
  });

  it("of every recommender holds only options that it accepts", () => {
    const random = Random.fromSeed("space");
    for (const recommender of ALL_RECOMMENDERS) {
      const space = spaceOf(recommender);
      const accepted = Array.from({ length: 60 }, () => drawFrom(space, random)).filter(
        (draw) => recommender.options.safeParse(draw).success,
      );
      // Not all: some options only go together.
      expect(accepted.length, recommender.id).toBeGreaterThan(5);
    }
  });

  it("draws log-uniformly: as many below the middle of the logarithm as above", () => {
    const random = Random.fromSeed("draws");
    const space = { rate: { kind: "log-uniform", low: 0.01, high: 1, whole: false } } as const;
    const draws = Array.from({ length: 2000 }, () => Number(drawFrom(space, random).rate));
    const share = draws.filter((draw) => draw < 0.1).length / draws.length;
    expect(share).toBeGreaterThan(0.45);
    expect(share).toBeLessThan(0.55);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0.01);
    expect(Math.max(...draws)).toBeLessThanOrEqual(1);
  });
});

/** Scores the item number `aim` highest; the validation item is 3, so aim = 3 is right. */
function aiming(fits: number[]): Recommender<"cold-start"> {
  const options = z.strictObject({ aim: z.int().min(1).max(4).default(1) });
  return {
    id: "aiming",
    task: "cold-start",
    kind: "classic",
    summary: "",
    options,
    seeded: false,
    fit({ items }, given) {
      const { aim } = given as z.infer<typeof options>;
      fits.push(aim);
      if (aim === 2) throw new UsageError("BAD_PAIR", "2 can't be");
      const width = items.keys.length;
      const row = Float32Array.from({ length: width }, (_, item) => (item === aim ? 1 : 0));
      return Promise.resolve({
        answer: (cases) => {
          const block = new Float32Array(cases.length * width);
          cases.forEach((_, at) => {
            block.set(row, at * width);
          });
          return Promise.resolve(block);
        },
      });
    },
  };
}

describe("tuned", () => {
  const train = {
    ...trainingOf(
      matrixOf([
        [1, 0, 0, 0, 0],
        [0, 1, 1, 0, 1],
        [1, 0, 0, 1, 0],
      ]),
    ),
    validation: {
      warm: matrixOf([
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
      ]),
      cold: matrixOf([
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
      ]),
    },
  };
  const search = async (fits: number[], context = contextOf("aiming")) => {
    let found: Tuning | undefined;
    const own = tuned(aiming(fits), {
      trials: 12,
      seed: 1,
      given: {},
      plugins: {},
      found: (_id, tuning) => {
        found = tuning;
        return Promise.resolve();
      },
    });
    await own.fit(train, resolveOptions(own), context);
    return found!;
  };

  it("tries the given options first, keeps the best on validation, and survives a failed trial", async () => {
    const fits: number[] = [];
    const { trials, best } = await search(fits);
    // The space has no more: nothing is tried twice.
    expect(trials).toHaveLength(4);
    expect(trials[0].options).toEqual({ aim: 1 });
    expect(trials[best].options).toEqual({ aim: 3 });
    expect(fits.at(-1)).toBe(3);
    expect(trials.find(({ options }) => (options as { aim: number }).aim === 2)).toMatchObject({
      metric: null,
      error: "2 can't be",
    });
  });

  it("does not fit a finished trial again", async () => {
    const context = contextOf("aiming");
    const first: number[] = [];
    const second: number[] = [];
    const before = await search(first, context);
    expect(await search(second, context)).toEqual(before);
    expect(second).toEqual([3]);
    expect(first).toHaveLength(5);
  });

  it("takes the first of equal ones", () => {
    expect(
      bestOf([
        { options: 1, metric: null },
        { options: 2, metric: 0.5 },
        { options: 3, metric: 0.5 },
      ]),
    ).toBe(1);
    expect(bestOf([{ options: 1, metric: null }])).toBe(0);
  });

  it("leaves controls alone, and says so where there is nothing to choose", async () => {
    const found = () => Promise.reject(new Error("nothing was searched"));
    const options = { trials: 2, seed: 1, plugins: {}, found };
    const given = { k: 1, shrink: 1, neighboursOf: "history" };
    expect(tuned(popularity, { ...options, given: {} })).toBe(popularity);
    const context = contextOf("item-knn");
    const own = tuned(itemKnn, { ...options, given });
    await own.fit(train, resolveOptions(itemKnn, given), context);
    expect(context.progress.warnings).toEqual([expect.stringContaining("item-knn: nothing to tune")]);
  });

  it("tunes a content model on its backbone, in groups and out of them", async () => {
    const tastes = twoTastes();
    const [warm, cold] = [0, 1].map((start) =>
      matrixOf(
        tastes.users.keys.map((_, user) =>
          tastes.items.keys.map((_, item) =>
            (start === 0 ? item < WARM && item % 5 === 0 : item >= WARM) &&
            item % 2 === user % 2 &&
            !hasEntry(tastes.matrix, user, item)
              ? 1
              : 0,
          ),
        ),
      ),
    );
    const given = {
      backbone: "bpr-mf",
      training: { embeddingSize: 4, epochs: 2, batchSize: 64 },
      ...{ contentSize: 4, epochs: 2, batchSize: 64 },
    };
    let kept: Tuning | undefined;
    const own = tuned<"cold-start">(aldi, {
      ...{ trials: 3, seed: 1, given, plugins: {} },
      found: (_id, tuning) => {
        kept = tuning;
        return Promise.resolve();
      },
    });
    const context = contextOf("aldi");
    await own.fit({ ...tastes, validation: { warm, cold } }, resolveOptions(own, given), context);
    const { trials, space } = kept!;
    expect(Object.keys(space)).toEqual(expect.arrayContaining(["training.learningRate", "alpha"]));
    expect(trials.map(({ metric }) => metric !== null && metric > 0)).toEqual([true, true, true]);
    const tried = trials.map(({ options }) => options as AldiTrial);
    expect(new Set(tried.map(({ alpha }) => alpha)).size).toBe(3);
    expect(new Set(tried.map(({ training }) => training.learningRate)).size).toBe(3);
    for (const { backbone, contentSize, training } of tried)
      expect([backbone, contentSize, training.embeddingSize, training.epochs]).toEqual(["bpr-mf", 4, 4, 2]);
    expect(context.progress.warnings).toEqual([]);
  }, 60_000);
});

interface AldiTrial {
  readonly backbone: string;
  readonly alpha: number;
  readonly contentSize: number;
  readonly training: Readonly<Record<"learningRate" | "embeddingSize" | "epochs", number>>;
}

describe("a tuned run", () => {
  it("keeps its trials, says so under the table, and never sees a test case", async () => {
    const out = await mkdtemp(join(tmpdir(), "llmrec-tune-"));
    const config = resolveConfig([
      {
        world: { size: "tiny" },
        recommenders: ["popularity", "item-knn"],
        tune: 3,
        options: { "item-knn": { k: 20 } },
      },
    ]);
    const { scoreboard, folder } = await runTask({
      task: "cold-start",
      command: "coldllm",
      arguments: [],
      config,
      external: new Map(),
      out,
      fresh: false,
      cache: out,
      offline: true,
      progress: silentProgress(),
      signal: new AbortController().signal,
    });
    const kept = JSON.parse(await readFile(join(folder.tuning, "item-knn.json"), "utf8")) as Tuning;
    expect(kept.trials.map(({ options }) => (options as { k: number }).k)).toEqual([20, 20, 20]);
    expect(kept.trials.every(({ metric }) => metric !== null && metric > 0)).toBe(true);
    expect(kept.objective).toBe("validation NDCG@20");
    expect(scoreboard.notes.join(" ")).toContain("3 trials for each recommender");
  });
});
