import { Random } from "../../../src/core/random.js";
import type { Dataset } from "../../../src/data/dataset.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import type { LanguageModel } from "../../../src/llm/language-model.js";
import type { RunContext } from "../../../src/recommenders/recommender.js";
import { type CtrProtocol, ctrOptions, ctrProtocol } from "../../../src/tasks/ctr-protocol.js";
import { datasetOf } from "../../data/fixtures.js";
import { contextOf } from "../../recommenders/support.js";

/** Users rate items at random, 5 or 1: nothing but the values tells what they like. */
export function ratings(users: number, items: number, each: number): Dataset {
  const random = Random.fromSeed("explainctr");
  const rows: number[][] = [];
  const values: number[] = [];
  for (let user = 0; user < users; user++) {
    for (const item of random.sample(items, each)) {
      rows.push([user, item, rows.length]);
      values.push(random.uniform() < 0.5 ? 5 : 1);
    }
  }
  const plain = datasetOf(rows);
  return { ...plain, interactions: { ...plain.interactions, values: Float32Array.from(values) } };
}

export function protocolOf(data: Dataset): CtrProtocol {
  return ctrProtocol(data, makeSplit(data, "ratio", { test: 0.2 }), ctrOptions.parse({ history: 8 }));
}

export function lending(model: LanguageModel, id: string, seed = 1): RunContext {
  return { ...contextOf(id, seed), llm: () => Promise.resolve(model) };
}
