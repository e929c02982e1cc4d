import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { int32 } from "../../../src/engine/run/tensor.js";
import { deepMusicModel } from "../../../src/recommenders/cold-start/deepmusic.js";
import { denseOf, lossOf, meanOf, rowsOf, smallTables } from "./support.js";

const tables = smallTables(3, 4, 2, 3);
const widths = { factors: 2, content: 3 };
const [items, content] = [rowsOf(tables.items), rowsOf(tables.content)];
const random = Random.fromSeed("losses");

describe("losses, against plain arithmetic", () => {
  it("DeepMusic: squared error of the predicted embeddings", async () => {
    const options = { hidden: 5 };
    const parameters = deepMusicModel.parameters(widths, options, random.fork("deepmusic"));
    const batch = [2, 0];
    const errors = batch.flatMap((item) => {
      const hidden = denseOf(parameters, "hidden", content[item]).map((x) => Math.max(x, 0));
      return denseOf(parameters, "output", hidden).map((x, k) => (x - items[item][k]) ** 2);
    });
    const found = await lossOf(deepMusicModel, parameters, { item: int32(batch) }, tables, options);
    expect(found).toBeCloseTo(meanOf(errors), 5);
  });
});
