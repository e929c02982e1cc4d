import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { silentProgress } from "../../../src/core/progress.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import { worldDataset } from "../../../src/data/world/world.js";
import { hybridsOf } from "../../../src/recommenders/hybrid/hybrid.js";
import type { Recommender } from "../../../src/recommenders/recommender.js";
import { resolveOptions, selectRecommenders } from "../../../src/recommenders/registry.js";
import { prepareColdStart, defaultColdStartSplit } from "../../../src/tasks/cold-start-task.js";
import { defaultConversationSplit, prepareConversation } from "../../../src/tasks/conversation-task.js";
import type { CtrTraining } from "../../../src/tasks/ctr.js";
import type { PreparedTask, TaskId } from "../../../src/tasks/task.js";
import { contextOf } from "../support.js";

const evaluating = { progress: silentProgress(), signal: new AbortController().signal, label: "test" };
const world = worldDataset({
  size: { users: 300, films: 170, interactions: 9_000, dialogues: 2_000 },
  seed: 1,
});

const member = (id: string, task: TaskId = "cold-start") => {
  const [recommender] = selectRecommenders(task, [id]);
  return { recommender, options: resolveOptions(recommender) };
};

const talker = (id: string) => member(id, "conversation");

/** Every metric's mean over cases of a recommender that is fitted on a task. */
async function figures<T extends TaskId>(task: PreparedTask<T>, recommender: Recommender<TaskId>) {
  const context = contextOf(recommender.id);
  const fitted = await recommender.fit(task.training, resolveOptions(recommender), context);
  const answer = (cases: never) => fitted.answer(cases, context) as never;
  const { values } = await task.evaluate(answer as never, evaluating);
  return (metric: string) => {
    const known = values[metric].filter((value) => !Number.isNaN(value));
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  };
}

describe("hybrids of cold-start", () => {
  let task: PreparedTask<"cold-start">;
  beforeAll(() => {
    task = prepareColdStart(world, makeSplit(world, defaultColdStartSplit(world)), [20]);
  });

  it("join what their members know: cold items by text and warm ones by neighbours", async () => {
    const [fusion, blend] = hybridsOf("cold-start", [member("content-knn"), member("item-knn")]);
    expect([fusion.id, blend.id]).toEqual(["content-knn+item-knn-fusion", "content-knn+item-knn-blend"]);
    const [content, knn, fused, blended] = [
      await figures(task, member("content-knn").recommender),
      await figures(task, member("item-knn").recommender),
      await figures(task, fusion),
      await figures(task, blend),
    ];
    const warm = "ndcg@20/warm";
    expect(blended(warm)).toBeGreaterThan(content(warm));
    expect(blended(warm)).toBeGreaterThanOrEqual(0.97 * knn(warm));
    expect(fused(warm)).toBeGreaterThan(content(warm));
    // Item neighbours tie on cold items, so the order of the text stays: no tie is broken by where an item stands.
    expect(fused("ndcg@20/cold")).toBeCloseTo(content("ndcg@20/cold"), 6);
  });

  it("of a member and noise blends as the member alone: the weight is chosen on validation", async () => {
    const notes: string[] = [];
    const [, blend] = hybridsOf("cold-start", [member("item-knn"), member("random")]);
    const context = {
      ...contextOf("x"),
      progress: { ...silentProgress(), note: (text: string) => notes.push(text) },
    };
    await blend.fit(task.training, resolveOptions(blend), context);
    const weights = /weights ([\d.]+), ([\d.]+) are best/.exec(notes.join())!;
    expect(Number(weights[1])).toBeGreaterThanOrEqual(0.7);
  });
});

describe("hybrids of conversation", () => {
  it("rank by both members", async () => {
    const task = prepareConversation(world, makeSplit(world, defaultConversationSplit(world)), [10]);
    const [fusion, blend] = hybridsOf("conversation", [talker("co-mention"), talker("random")]);
    const alone = await figures(task, talker("co-mention").recommender);
    const noise = await figures(task, talker("random").recommender);
    const metric = "recall@10/new";
    for (const one of [fusion, blend])
      expect((await figures(task, one))(metric)).toBeGreaterThan(noise(metric));
    expect((await figures(task, blend))(metric)).toBeGreaterThanOrEqual(0.9 * alone(metric));
  });

  it("of recorded answers are fused only: there is nothing to tune a blend by", () => {
    const rows = hybridsOf("conversation", [talker("gpt-4-recorded"), talker("bm25")]);
    expect(rows.map(({ id, kind, needsRecording }) => [id, kind, needsRecording])).toEqual([
      ["gpt-4-recorded+bm25-fusion", "llm", "gpt-4"],
    ]);
  });
});

describe("hybrids of controlled-list", () => {
  it("fuse lists by reciprocal ranks, equal ones in the order of the members", async () => {
    const listed = (id: string, list: number[]): Recommender<TaskId> => ({
      id,
      task: "controlled-list",
      kind: "classic",
      summary: "",
      options: z.strictObject({}),
      seeded: false,
      fit: () =>
        Promise.resolve({
          answer: (cases: readonly unknown[]) =>
            Promise.resolve(cases.map(() => Int32Array.from(list))) as never,
        }),
    });
    const [fusion, ...others] = hybridsOf("controlled-list", [
      { recommender: listed("a", [3, 1, 0]), options: {} },
      { recommender: listed("b", [1, 2, 5, 4]), options: {} },
    ]);
    expect(others).toEqual([]);
    const context = contextOf("x");
    const train = { items: { keys: ["0", "1", "2", "3", "4", "5"] } } as never;
    const fitted = await fusion.fit(train, {}, context);
    const [list] = (await fitted.answer([{ length: 3 }] as never, context)) as Int32Array[];
    // 1: 1/62 + 1/61; 3: 1/61; 2: 1/62.
    expect([...list]).toEqual([1, 3, 2]);
  });
});

describe("hybrids of ctr", () => {
  it("average logits with the weights of lowest validation log loss", async () => {
    const fixed = (id: string, p: (item: number) => number): Recommender<TaskId> => ({
      id,
      task: "ctr",
      kind: "classic",
      summary: "",
      options: z.strictObject({}),
      seeded: false,
      fit: () =>
        Promise.resolve({
          answer: (cases: { item: number }[]) =>
            Promise.resolve(Float64Array.from(cases, ({ item }) => p(item))) as never,
        } as never),
    });
    const items = Int32Array.from({ length: 100 }, (_, n) => n);
    const labels = Float32Array.from(items, (n) => (n % 10 < 8 === n < 50 ? 1 : 0));
    const training = {
      validation: { users: new Int32Array(100), items, labels, times: new Float64Array(100) },
      historyBefore: () => ({ liked: new Int32Array(0), disliked: new Int32Array(0) }),
    } as unknown as CtrTraining;
    const right = fixed("right", (n) => (n < 50 ? 0.8 : 0.2));
    const wrong = fixed("wrong", (n) => (n < 50 ? 0.3 : 0.7));
    const [blend] = hybridsOf("ctr", [
      { recommender: wrong, options: {} },
      { recommender: right, options: {} },
    ]);
    const context = contextOf("x");
    const fitted = await blend.fit(training, {}, context);
    const answers = await fitted.answer([{ item: 0 }, { item: 60 }] as never, context);
    expect(Array.from(answers as Float64Array)).toEqual([expect.closeTo(0.8, 9), expect.closeTo(0.2, 9)]);
  });
});

describe("hybridsOf", () => {
  it("refuses one member, four, one twice, and one that knows the truth; the kind is that of its best", () => {
    const make =
      (...ids: string[]) =>
      () =>
        hybridsOf(
          "cold-start",
          ids.map((id) => member(id)),
        );
    expect(make("als")).toThrow(/two or three/);
    expect(make("als", "ease", "item-knn", "user-knn")).toThrow(/two or three/);
    expect(make("als", "als")).toThrow(/twice/);
    expect(make("als", "oracle")).toThrow(/knows the truth/);
    expect(make("random", "popularity")()[0].kind).toBe("control");
    expect(make("random", "ease")()[0]).toMatchObject({ kind: "classic", seeded: true });
    expect(resolveOptions(make("als", "ease")()[0])).toMatchObject({ ease: { lambda: [100, 20, 500] } });
  });
});
