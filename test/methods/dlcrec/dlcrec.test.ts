import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAdapter } from "../../../src/llm/adapter/peft-files.js";
import { PROJECTIONS } from "../../../src/llm/checkpoint/tensors.js";
import { LocalModel } from "../../../src/llm/local/local-model.js";
import { dlcrec, DLCREC_ARMS } from "../../../src/methods/dlcrec/dlcrec.js";
import type { Recommender } from "../../../src/recommenders/recommender.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import type { ControlledListCase } from "../../../src/tasks/controlled-list.js";
import { GOLDENS, temporaryFolder, writeTinyModel } from "../../llm/tiny-models.js";
import { answerFile, caseOf, mainGenres, runContext, type Setting, training } from "./support.js";

let root: string;
let model: LocalModel;
beforeAll(async () => {
  root = await temporaryFolder();
  const { config } = GOLDENS.models["llama-tied-grouped"];
  const folder = await writeTinyModel(join(root, "model"), { ...config, max_position_embeddings: 512 });
  model = await LocalModel.open(folder, { cacheDir: join(root, "cache"), adapted: PROJECTIONS });
});
afterAll(async () => {
  await model.close();
  await rm(root, { recursive: true, force: true });
});

const QUICK = { tuning: { samples: 6, epochs: 1, batchSize: 3, validation: 2, rank: 2 } };

const contextFor = (id: string, setting: Partial<Setting> = {}) =>
  runContext(id, { llm: () => Promise.resolve(model), ...setting });

async function answer(
  recommender: Recommender<"controlled-list">,
  cases: readonly ControlledListCase[],
  options: Readonly<Record<string, unknown>> = QUICK,
  setting: Partial<Setting> = {},
) {
  const context = contextFor(recommender.id, setting);
  const fitted = await recommender.fit(training(), resolveOptions(recommender, options), context);
  const lists = await fitted.answer(cases, context);
  return {
    lists: lists.map((list) => [...list]),
    plans: lists.plans,
    readings: lists.readings,
    cost: context.cost.total,
  };
}

const armOf = (id: string) => DLCREC_ARMS.find((arm) => arm.id === id)!;

describe("the chain on given answers", () => {
  const one = caseOf(2);
  const { history } = one;
  const nobody = { llm: () => Promise.reject(new Error("no model is needed")) };
  const question = { history, length: 3, count: 2 };
  const gp = (text: string) => answerFile((p) => [[p.ask("gp", question), text]]);
  const gf = (genres: number[], text: string) =>
    answerFile((p) => [[p.ask("gf", { ...question, genres }), text]]);
  const ip = (slots: number[], text: string) =>
    answerFile((p) => [[p.ask("ip", { ...question, slots }), text]]);
  const letters = { grounding: { by: "letters" } };

  it("hands GP's genres to GF and GF's places to IP, and finds the films", async () => {
    const from = {
      gp: await gp(" Horror, Drama"),
      gf: await gf([2, 0], " 1 Drama, 2 Horror, 3 Drama"),
      ip: await ip([0, 2, 0], ' 1 Drama "Gap", 2 Horror "Fog", 3 Drama "Jar"'),
    };
    const { lists, plans, readings } = await answer(dlcrec, [one], letters, { ...nobody, from });
    expect(lists).toEqual([[6, 5, 9]]);
    expect(plans).toEqual([{ genres: [2, 0], told: 2, slots: [0, 2, 0] }]);
    expect(readings).toEqual([{ gp: 0, gf: 0, list: 0 }]);
  });

  it("goes on with what GP says, right or wrong, and fills places that can't be read", async () => {
    const from = {
      gp: await gp(" Horror, Opera"),
      // The set has one genre only, whatever was asked for.
      gf: await gf([2], " 1 Horror, 2 Opera, and so on"),
      ip: await ip([2, 2, 2], ' 1 Horror "Fogg", 2 Horror "Fog", 3 Horror "Elm"'),
    };
    const { lists, plans, readings } = await answer(dlcrec, [one], letters, { ...nobody, from });
    // IP was told Horror thrice, but GF said so once: what stood in for the rest is no plan.
    expect(plans).toEqual([{ genres: [2], told: 1, slots: [2, -1, -1] }]);
    expect(readings).toEqual([{ gp: 1 / 2, gf: 2 / 3, list: 0 }]);
    // The nearest to Fogg is Fog; Fog is then listed already, and Elm is of the history: two others stand for them.
    expect(lists[0][0]).toBe(5);
    expect(new Set(lists[0]).size).toBe(3);
    for (const item of [...history]) expect(lists[0]).not.toContain(item);
  });

  it("lists a title of the history or twice where that is allowed, and leaves a place without title empty", async () => {
    const from = {
      gp: await gp(" Comedy"),
      gf: await gf([1], " 1 Comedy, 2 Comedy, 3 Comedy"),
      ip: await ip([1, 1, 1], ' 1 Comedy "Elm", 2 Comedy "Elm"'),
    };
    const options = { grounding: { by: "letters", exclude: false, unique: false } };
    const { lists } = await answer(dlcrec, [one], options, { ...nobody, from });
    expect(lists).toEqual([[4, 4, -1]]);
  });

  it("uses the history's commonest genres where GP names none", async () => {
    const from = {
      gp: await gp("who knows"),
      // Comedy twice in the history, then Drama.
      gf: await gf([1, 0], ""),
      ip: await ip([1, 0, 1], ""),
    };
    const { lists, plans, readings } = await answer(dlcrec, [one], letters, { ...nobody, from });
    // GF and IP were asked with Comedy and Drama, which nobody had said.
    expect(plans).toEqual([{ genres: [], told: 2, slots: [-1, -1, -1] }]);
    expect(readings).toEqual([{ gp: 1, gf: 1, list: 1 }]);
    expect(lists).toEqual([[-1, -1, -1]]);
  });

  it("begins at GF where the genres themselves are wished, in their order", async () => {
    const exact = { ...one, genres: new Set([2, 0]) };
    const from = {
      gf: await gf([2, 0], " 1 Horror, 2 Drama, 3 Drama"),
      ip: await ip([2, 0, 0], ' 1 Horror "Fog", 2 Drama "Gap", 3 Drama "Jar"'),
    };
    // GP is asked nothing: an empty file has no answer that could be missed.
    const { lists, plans, readings } = await answer(dlcrec, [exact], letters, {
      ...nobody,
      from: { ...from, gp: await answerFile(() => []) },
    });
    expect(lists).toEqual([[5, 6, 9]]);
    expect(plans).toEqual([{ genres: [2, 0], told: 2, slots: [2, 0, 0] }]);
    expect(readings).toEqual([{ gf: 0, list: 0 }]);
  });

  it("asks for the list at once without GF, from the genre set of GP or of the wish", async () => {
    const exact = { ...one, genres: new Set([1]) };
    const direct = await answerFile((p) => [
      [p.ask("direct", { ...question, genres: [2, 0] }), ' 1 Horror "Fog", 2 Drama "Gap"'],
      [
        p.ask("direct", { ...question, count: 1, genres: [1] }),
        ' 1 Comedy "Hut", 2 Comedy "Key", 3 Comedy "Bay"',
      ],
    ]);
    const options = { grounding: { by: "letters", exclude: false } };
    const { lists, plans, readings } = await answer(armOf("dlcrec-no-gf"), [one, exact], options, {
      ...nobody,
      from: { gp: await gp(" Horror, Drama"), direct },
    });
    expect(lists).toEqual([
      [5, 6, -1],
      [7, 10, 1],
    ]);
    expect(plans).toEqual([
      { genres: [2, 0], told: 2, slots: null },
      { genres: [1], told: 1, slots: null },
    ]);
    expect(readings).toEqual([{ gp: 0, list: 1 / 3 }, { list: 0 }]);
  });

  it("refuses to weigh letters by popularity", () => {
    const of = (grounding: Record<string, unknown>) => () => resolveOptions(dlcrec, { grounding });
    expect(of({ by: "letters", popularity: 1 })).toThrow(
      expect.objectContaining({
        ...{ code: "BAD_OPTION", exit: 2 },
        message: "dlcrec.grounding.popularity: distances of embeddings are weighed, and by=letters has none",
        hint: "Set grounding.by=embedding, or leave grounding.popularity at 0.",
      }) as Error,
    );
    expect(of({ popularity: 1 })).not.toThrow();
    expect(of({ by: "letters" })).not.toThrow();
  });

  it("refuses items of several genres, which no place can have", async () => {
    const allGenres = { offsets: Int32Array.from({ length: 13 }, (_, n) => n), indices: mainGenres };
    const context = contextFor("dlcrec", nobody);
    const several = { ...training(), allGenres };
    await expect(dlcrec.fit(several, resolveOptions(dlcrec), context)).rejects.toMatchObject({
      code: "ONE_GENRE",
    });
  });

  it("says which question a given file lacks", async () => {
    const from = { gp: await gp(" Comedy"), gf: await gp("nothing"), ip: await gp("nothing") };
    await expect(answer(dlcrec, [one], letters, { ...nobody, from })).rejects.toMatchObject({
      code: "NO_ANSWER",
    });
    const odd = join(mkdtempSync(join(tmpdir(), "llmrec-answers-")), "odd.jsonl");
    writeFileSync(odd, '{"prompt": "x", "answer": "y"}\n{"prompt": 3}\n');
    await expect(
      answer(dlcrec, [one], letters, { ...nobody, from: { ...from, gp: odd } }),
    ).rejects.toMatchObject({
      code: "BAD_ANSWERS",
      place: { line: 2 },
    });
  });
});

describe("with a model that learns", { timeout: 120_000 }, () => {
  it("trains three PEFT adapters apart, and arms that train alike share them", async () => {
    const stages = mkdtempSync(join(tmpdir(), "llmrec-dlcrec-"));
    const first = await answer(dlcrec, [caseOf(2), caseOf(null)], QUICK, { stages });
    expect(first.lists).toHaveLength(2);
    expect(first.plans).toHaveLength(2);
    const { readdirSync } = await import("node:fs");
    const found = () =>
      readdirSync(stages)
        .filter((name) => name.includes("-adapter-"))
        .sort();
    expect(found().map((name) => name.split("-")[0])).toEqual(["gf", "gp", "ip"]);
    for (const name of found()) {
      const folder = join(stages, name, "adapter");
      expect(existsSync(join(folder, "adapter_model.safetensors"))).toBe(true);
      expect((await readAdapter(folder)).options.rank).toBe(2);
    }
    const again = await answer(dlcrec, [caseOf(2), caseOf(null)], QUICK, { stages });
    expect(again.lists).toEqual(first.lists);
    await answer(armOf("dlcrec-commonest"), [caseOf(2)], QUICK, { stages });
    expect(found()).toHaveLength(3);
    await answer(armOf("dlcrec-ip-gf-nd"), [caseOf(2)], QUICK, { stages });
    expect(found()).toHaveLength(4);
  });

  it("lists real films, each once and none seen, where titles go along the catalogue", async () => {
    const cases = [caseOf(2), caseOf(3, [2, 5, 8]), caseOf(1)];
    const { lists, plans } = await answer(armOf("dlcrec-genre"), cases);
    lists.forEach((list, n) => {
      expect(new Set(list).size).toBe(3);
      for (const item of list) {
        expect(item).toBeGreaterThanOrEqual(0);
        expect([...cases[n].history]).not.toContain(item);
      }
    });
    // Every genre has films left here, so that each place has its own genre.
    plans!.forEach(({ slots }, n) => {
      expect(lists[n].map((item) => item % 3)).toEqual([...slots!]);
    });
    const free = await answer(armOf("dlcrec-catalogue"), cases);
    for (const list of free.lists) expect(list.every((item) => item >= 0)).toBe(true);
  });

  it("gives GP's genres to the quota, and follows rules where rules plan", async () => {
    const quota = await answer(armOf("dlcrec-quota"), [caseOf(2), caseOf(3)]);
    expect(quota.plans!.map(({ genres }) => new Set(genres).size)).toEqual([2, 3]);
    quota.lists.forEach((list, n) => {
      expect(new Set(list.map((item) => item % 3))).toEqual(new Set(quota.plans![n].genres));
    });
    const rules = await answer(armOf("dlcrec-rules"), [caseOf(2)]);
    expect(rules.plans).toEqual([{ genres: [1, 0], told: 2, slots: [1, 0, 1] }]);
    expect(Object.keys(rules.readings![0])).toEqual(["list"]);
  });

  it("answers as BIGRec in all its forms", async () => {
    for (const id of ["bigrec", "bigrec-div", "bigrec-cot", "bigrec-raw"]) {
      const { lists, plans } = await answer(armOf(id), [caseOf(2)]);
      expect(lists[0]).toHaveLength(3);
      expect(plans).toBeUndefined();
    }
  });
});
