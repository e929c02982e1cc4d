import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COLDLLM_ARMS, coldLlm } from "../../../src/methods/coldllm/coldllm.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import type { RunContext } from "../../../src/recommenders/recommender.js";
import { folderOf, failureOf } from "../../data/readers/files.js";
import { contextOf, randomMatrix, trainingOf } from "../../recommenders/support.js";

const train = trainingOf(randomMatrix(2, 10, 8, 0.3, 2), ["a b", "a", "b c", "c", "a c", "b", "a", "c"]);
const CANDIDATES = [0, 1, 2, 3].flatMap((user) => [6, 7].map((item) => [user, item] as const));
const ANSWERS = CANDIDATES.map(([user, item]) => (user < 3 && item === 6) || user === 3);

function files(answers: readonly boolean[] = ANSWERS): Map<string, string> {
  const lines = CANDIDATES.map(([user, item], at) => `u${user},i${item},${answers[at] ? "Yes" : "No"}`);
  const folder = folderOf({
    "filter.csv": ["user,item", ...CANDIDATES.map(([user, item]) => `u${user},i${item}`)].join("\n"),
    "refine.csv": ["user,item,answer", ...lines].join("\n"),
  });
  return new Map(["filter", "refine"].map((stage) => [stage, join(folder, `${stage}.csv`)]));
}

const GIVEN = { backbone: "als", training: { factors: 2, regularization: 1, alpha: 5 } };
const fit = (recommender: typeof coldLlm, context: RunContext) =>
  recommender.fit(train, resolveOptions(recommender, GIVEN), context);
const armOf = (id: string) => COLDLLM_ARMS.find((one) => one.id === id)!;
const pairsOf = async (recommender: typeof coldLlm, external = files()) =>
  (await fit(recommender, contextOf(recommender.id, 1, external))).simulated!.at(-1)!;

describe("coldllm", () => {
  it("learns from the pairs answered Yes", async () => {
    const fitted = await fit(coldLlm, contextOf("coldllm", 1, files()));
    expect(fitted.simulated!.map(({ stage, users }) => [stage, users.length])).toEqual([
      ["filter", 8],
      ["pairs", 5],
    ]);
    const scores = await fitted.answer(
      train.users.keys.map((_, user) => ({ user })),
      contextOf("coldllm"),
    );
    expect(scores.length).toBe(80);
    for (const [user, score] of [0, 1, 2].map((one) => [one, scores[8 * one + 6]]))
      expect(score).toBeGreaterThan(scores[8 * user + 7]);
  });

  it("needs no filter where the answers are given, and wants both to belong together", async () => {
    const both = files();
    const answersOnly = new Map([["refine", both.get("refine")!]]);
    expect(await pairsOf(coldLlm, answersOnly)).toEqual(await pairsOf(coldLlm, both));
    const folder = folderOf({ "filter.csv": "user,item\nu9,i7\n" });
    const apart = new Map([...answersOnly, ["filter", join(folder, "filter.csv")]]);
    expect(await failureOf(pairsOf(coldLlm, apart))).toMatchObject({ exit: 3, code: "NOT_A_CANDIDATE" });
  });

  it("has arms with as many pairs for each item", async () => {
    const accepted = await pairsOf(coldLlm);
    const perItem = (items: Int32Array) => [6, 7].map((item) => items.filter((one) => one === item).length);
    expect(perItem(accepted.items)).toEqual([4, 1]);
    for (const id of ["coldllm-sample", "coldllm-content", "coldllm-popular", "coldllm-random"])
      expect(perItem((await pairsOf(armOf(id))).items), id).toEqual([4, 1]);
    expect(perItem((await pairsOf(armOf("coldllm-filter"))).items)).toEqual([4, 4]);
  });

  it("counts the pairs of ColdLLM's own judge, whose answers may be given to that row alone", async () => {
    const both = files();
    const scoped = new Map([["coldllm.refine", both.get("refine")!]]);
    const own = new Map([...scoped, ["filter", both.get("filter")!]]);
    for (const id of ["coldllm-sample", "coldllm-content"])
      expect(await pairsOf(armOf(id), own), id).toEqual(await pairsOf(armOf(id), both));
  });

  it("has no file take the place of an arm's own search", async () => {
    for (const id of ["coldllm-semantic", "coldllm-collaborative"])
      expect(await failureOf(pairsOf(armOf(id))), id).toMatchObject({ exit: 2, code: "BAD_FROM" });
  });

  it("warns of a judge that always says Yes and of items without a candidate", async () => {
    const always = contextOf("coldllm", 1, files(ANSWERS.map(() => true)));
    await fit(coldLlm, always);
    expect(always.progress.warnings).toEqual([expect.stringContaining("Yes to 100.0 %")]);
    const never = contextOf("coldllm", 1, files(ANSWERS.map(() => false)));
    await fit(coldLlm, never);
    expect(never.progress.warnings).toEqual([expect.stringContaining("Yes to nobody")]);
    const lonely = folderOf({ "filter.csv": "user,item\nu1,i6\n" });
    const context = contextOf("coldllm-filter", 1, new Map([["filter", join(lonely, "filter.csv")]]));
    await fit(armOf("coldllm-filter"), context);
    expect(context.progress.warnings).toEqual([expect.stringContaining("no user for 1 cold items")]);
  });

  it("names a wrong option of its training", () => {
    const wrong = (given: Record<string, unknown>) => () => resolveOptions(coldLlm, given);
    expect(wrong({ training: { layer: 2 } })).toThrow(/coldllm.training has no option "layer"/);
    expect(wrong({ backbone: "gru" })).toThrow(/coldllm.backbone/);
    expect(wrong({ updat: "joint" })).toThrow(/coldllm has no option "updat"/);
    expect(resolveOptions(coldLlm, {})).toMatchObject({
      backbone: "lightgcn",
      update: "joint",
      training: { layers: 3 },
    });
  });
});
