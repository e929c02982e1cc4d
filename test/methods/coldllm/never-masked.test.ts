import { join } from "node:path";
import { expect, it } from "vitest";
import { silentProgress } from "../../../src/core/progress.js";
import { csrFromPairs, rowIndices } from "../../../src/data/csr.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import { worldDataset } from "../../../src/data/world/world.js";
import { coldLlm } from "../../../src/methods/coldllm/coldllm.js";
import { withSimulated } from "../../../src/methods/coldllm/pairs.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { validationNdcg } from "../../../src/recommenders/validation.js";
import { coldStartProtocol } from "../../../src/tasks/cold-start-protocol.js";
import { defaultColdStartSplit, prepareColdStart } from "../../../src/tasks/cold-start-task.js";
import { folderOf } from "../../data/readers/files.js";
import { contextOf, matrixOf } from "../../recommenders/support.js";

it("still counts a simulated pair that is a test pair as a hit", async () => {
  const world = worldDataset({ size: "tiny" });
  const split = makeSplit(world, defaultColdStartSplit(world), {});
  const { cases, relevant, training } = coldStartProtocol(world, split);
  const position = cases.findIndex(({ user }) => rowIndices(relevant.cold, user).length > 0);
  const { user } = cases[position];
  const [item] = rowIndices(relevant.cold, user);
  const [u, i] = [training.users.keys[user], training.items.keys[item]];
  const path = join(folderOf({ "refine.csv": `user,item,answer\n${u},${i},Yes\n` }), "refine.csv");
  const context = contextOf("coldllm", 1, new Map([["refine", path]]));
  // The item gets the user's own embedding and every other cold item none: it is the user's first.
  const options = resolveOptions(coldLlm, {
    ...{ backbone: "als", training: { factors: 4, regularization: 1, alpha: 5 }, update: "mean" },
  });
  const prepared = prepareColdStart(world, split, [1]);
  const fitted = await coldLlm.fit(prepared.training, options, context);
  expect([...fitted.simulated!.at(-1)!.users]).toEqual([user]);
  const { values, lists } = await prepared.evaluate((some) => fitted.answer(some, context), {
    progress: silentProgress(),
    signal: context.signal,
    label: "coldllm",
  });
  expect(lists.cold.items[position]).toBe(item);
  expect(values["precision@1/cold"][position]).toBe(1);
  expect(prepared.diagnose!(fitted.simulated!)).toMatchObject({ "real-pair/pairs": 1 });
}, 60_000);

it("still counts one that is a validation pair as a hit, when training stops by it", async () => {
  const real = matrixOf([
    [1, 1, 0, 0],
    [0, 1, 1, 0],
  ]);
  const pair = (item: number) => csrFromPairs(2, 4, [0], [item]);
  const ndcg = validationNdcg({
    matrix: withSimulated(real, { users: Int32Array.of(0), items: Int32Array.of(3) }),
    validation: { warm: pair(2), cold: pair(3) },
    known: real,
  })!;
  expect(await ndcg(() => Promise.resolve(Float32Array.of(9, 8, 1, 2)))).toBeCloseTo(1, 12);
});
