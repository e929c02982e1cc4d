import { beforeAll, describe, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import type { Dataset } from "../../src/data/dataset.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { worldDataset } from "../../src/data/world/world.js";
import { metricColumn, parseMetricName } from "../../src/metrics/registry.js";
import { prepareColdStart, defaultColdStartSplit } from "../../src/tasks/cold-start-task.js";
import { defaultControlledListSplit, prepareControlledList } from "../../src/tasks/controlled-list-task.js";
import { defaultConversationSplit, prepareConversation } from "../../src/tasks/conversation-task.js";
import { defaultCtrSplit, prepareCtr } from "../../src/tasks/ctr-task.js";
import type { Evaluation } from "../../src/tasks/evaluation.js";
import type { PreparedTask, TaskId } from "../../src/tasks/task.js";

const context = { progress: silentProgress(), signal: new AbortController().signal, label: "test" };
const random = Random.fromSeed("answers");
let world: Dataset;

beforeAll(() => {
  world = worldDataset({ size: { users: 300, films: 170, interactions: 10_000, dialogues: 200 }, seed: 1 });
});

/** Some answers to every case of a task; what they are worth does not matter here. */
async function measured<T extends TaskId>(
  task: PreparedTask<T>,
  answer: Parameters<PreparedTask<T>["evaluate"]>[0],
): Promise<{ task: PreparedTask<TaskId>; evaluation: Evaluation }> {
  return { task: task as unknown as PreparedTask<TaskId>, evaluation: await task.evaluate(answer, context) };
}

const TASKS: Record<TaskId, () => ReturnType<typeof measured>> = {
  "cold-start": () => {
    const task = prepareColdStart(world, makeSplit(world, defaultColdStartSplit(world), {}), [5]);
    const items = world.items.keys.length;
    return measured(task, (cases) =>
      Promise.resolve(Float32Array.from({ length: cases.length * items }, () => random.uniform())),
    );
  },
  ctr: () => {
    const task = prepareCtr(world, makeSplit(world, defaultCtrSplit(world), {}), [5], {});
    return measured(task, (cases) => Promise.resolve(Float64Array.from(cases, () => random.uniform())));
  },
  "controlled-list": () => {
    const split = makeSplit(world, defaultControlledListSplit(world), {});
    const task = prepareControlledList(world, split, [5]);
    const items = world.items.keys.length;
    return measured(task, (cases) =>
      Promise.resolve(cases.map(({ length }) => Int32Array.from({ length }, () => random.int(items)))),
    );
  },
  conversation: () => {
    const task = prepareConversation(world, makeSplit(world, defaultConversationSplit(world), {}), [5]);
    const width = task.training.items.keys.length;
    return measured(task, (cases) =>
      Promise.resolve(Float32Array.from({ length: cases.length * width }, () => random.uniform())),
    );
  },
};

describe("a pooled statistic", () => {
  for (const id of Object.keys(TASKS) as TaskId[]) {
    it(`of ${id} is the metric itself where every case counts once or twice, and moves with the weights`, async () => {
      const { task, evaluation } = await TASKS[id]();
      const pooled = Object.entries(task.pooled(evaluation)).filter(([, value]) => !Number.isNaN(value));
      expect(pooled.length).toBeGreaterThan(0);
      const weightsOf = (weight: (at: number) => number) =>
        Float64Array.from(evaluation.cases, (_, at) =>
          weight(task.clusters === undefined ? at : task.clusters[at]),
        );
      for (const [name, value] of pooled) {
        expect(parseMetricName(name).definition.per, name).toBe("pooled");
        const statistic = task.pooledStatistic?.(name, evaluation);
        expect(statistic?.(weightsOf(() => 1)), name).toBeCloseTo(value, 10);
        // The Kullback-Leibler distance adds a pseudo-count, so it alone depends on the number of cases.
        if (!name.startsWith("popularity-kl"))
          expect(statistic?.(weightsOf(() => 2)), name).toBeCloseTo(value, 10);
        // There are too few cold items here for their figures to depend on who is asked, and a share of nothing stays so.
        if (name.endsWith("/cold") || value === 0) continue;
        const half = statistic?.(weightsOf((unit) => (unit % 2 === 0 ? 2 : 0)));
        expect(half, name).not.toBeCloseTo(value, 10);
      }
      expect(task.pooledStatistic?.("recall@5/cold", evaluation)).toBeUndefined();
      expect(metricColumn(pooled[0][0], true).name).toBe(pooled[0][0]);
    });
  }
});
