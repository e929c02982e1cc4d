import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { StageStore } from "../../../src/core/stages.js";
import { int32 } from "../../../src/engine/run/tensor.js";
import { coldLlm } from "../../../src/methods/coldllm/coldllm.js";
import { filterUsers } from "../../../src/methods/coldllm/funnel.js";
import { v1Tower } from "../../../src/methods/coldllm/v1-tower.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import {
  denseOf,
  dot,
  lossOf,
  meanOf,
  rowsOf,
  sigmoid,
  smallTables,
  softplus,
} from "../../recommenders/cold-start/support.js";
import { contextOf } from "../../recommenders/support.js";
import { twoColours } from "./two-colours.js";

it("has version 1's loss: ranking, squared distance of scores and standing out, by plain arithmetic", async () => {
  const tables = smallTables(3, 4, 2, 3);
  const [users, items, content] = [tables.users, tables.items, tables.content].map(rowsOf);
  const options = { hidden: 4, alpha: 0.7, beta: 0.3 };
  const parameters = v1Tower.parameters(
    { factors: 2, content: 3 },
    options,
    Random.fromSeed("version 1"),
    tables,
  );
  const triples = [
    [0, 1, 2],
    [2, 0, 1],
    [1, 2, 0],
  ];
  const mapped = (name: string, x: readonly number[]) =>
    denseOf(parameters, `${name}Output`, denseOf(parameters, `${name}Hidden`, x).map(Math.tanh));
  const student = (item: number) => mapped("item", content[item]);
  const s = (user: number, item: number) => dot(mapped("user", users[user]), student(item));
  const t = (user: number, item: number) => dot(users[user], items[item]);
  const standingOut = (rows: readonly number[][]) =>
    rows.map((row) =>
      dot(
        row,
        row.map((x, k) => x - meanOf(rows.map((other) => other[k]))),
      ),
    );
  const positives = triples.map(([, item]) => item);
  const own = standingOut(positives.map(student)).map(sigmoid);
  const goal = standingOut(positives.map((item) => items[item])).map(sigmoid);
  const expected =
    meanOf(triples.map(([u, i, j]) => softplus(s(u, j) - s(u, i)))) +
    0.7 * meanOf(triples.map(([u, i, j]) => (t(u, i) - s(u, i)) ** 2 + (t(u, j) - s(u, j)) ** 2)) +
    0.3 * meanOf(own.map((d, n) => -goal[n] * Math.log(d) - (1 - goal[n]) * Math.log(1 - d)));
  const batch = Object.fromEntries(
    ["user", "positive", "negative"].map((name, k) => [name, int32(triples.map((triple) => triple[k]))]),
  );
  expect(await lossOf(v1Tower, parameters, batch, tables, options)).toBeCloseTo(expected, 4);
});

it("is a choice that names itself in its stage, where ALDI's tower keeps the name that it had", async () => {
  const folder = mkdtempSync(join(tmpdir(), "llmrec-v1-tower-"));
  const context = contextOf("coldllm");
  const stages = new StageStore(folder, new Map(), "coldllm", context.cost);
  const found = [];
  for (const collaborative of ["aldi", "v1"]) {
    const options = resolveOptions(coldLlm, {
      ...{ backbone: "als", training: { factors: 2, regularization: 0.1, alpha: 5 }, judge: "zero-shot" },
      embed: { from: "words", size: 4 },
      filter: { collaborative, towers: "collaborative", users: 3, hidden: 4, epochs: 2, batchSize: 16 },
    });
    found.push(await filterUsers(twoColours(), options, { ...context, stages }));
  }
  expect(found[0].scores).not.toEqual(found[1].scores);
  const inputs = readdirSync(folder)
    .filter((name) => name.startsWith("collaborative-"))
    .map((name) => JSON.parse(readFileSync(join(folder, name, "stage.json"), "utf8")) as object)
    .map((record) => (record as { inputs: { loss?: string } }).inputs);
  expect(inputs.map((one) => one.loss ?? null).sort()).toEqual([null, "v1"]);
  const names = inputs.map((one) => Object.keys(one).filter((name) => name !== "loss"));
  expect(names).toEqual([
    ["from", "options", "seed", "data"],
    ["from", "options", "seed", "data"],
  ]);
});
