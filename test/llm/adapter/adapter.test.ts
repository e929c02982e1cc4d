import { cp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../../src/core/errors.js";
import { Random } from "../../../src/core/random.js";
import { adapterHash, checkAdapter, loadedAdapter, newAdapter } from "../../../src/llm/adapter/lora.js";
import { writeMerged } from "../../../src/llm/adapter/merge.js";
import { readAdapter, writeAdapter } from "../../../src/llm/adapter/peft-files.js";
import { Checkpoint } from "../../../src/llm/checkpoint/checkpoint.js";
import { LocalModel } from "../../../src/llm/local/local-model.js";
import { callContext, GOLDEN_FOLDER, goldenModel, goldenWeights, temporaryFolder } from "../tiny-models.js";

/** As PEFT saved it: test/goldens/lora.py. */
const PEFT = join(GOLDEN_FOLDER, "peft-adapter");
const PROMPTS = ["I liked The Quiet Harbour.", "Which", "Answer:"];

let root: string;
let base: string;
beforeAll(async () => {
  root = await temporaryFolder();
  base = await goldenModel(root, "llama-tied-grouped");
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("a PEFT adapter", () => {
  it("is read as PEFT wrote it", async () => {
    const adapter = await readAdapter(PEFT);
    expect(adapter.options).toEqual({
      rank: 4,
      alpha: 8,
      dropout: 0,
      targets: ["q_proj", "v_proj", "down_proj"],
    });
    expect(adapter.pairs.size).toBe(6);
    const pair = adapter.pairs.get("model.layers.1.mlp.down_proj")!;
    expect(pair).toMatchObject({ rank: 4, scale: 2 });
    expect(pair.a).toEqual(goldenWeights("model.layers.1.mlp.down_proj.A", 4 * 48));
    expect(pair.b).toEqual(goldenWeights("model.layers.1.mlp.down_proj.B", 32 * 4));
  });

  it("is written so that it is read back the same, under the names that PEFT uses", async () => {
    const adapter = await readAdapter(PEFT);
    const folder = join(root, "written");
    await writeAdapter(folder, adapter);
    const again = await readAdapter(folder);
    expect(again).toEqual(adapter);
    expect(adapterHash(again)).toBe(adapterHash(adapter));
    const config = JSON.parse(await readFile(join(folder, "adapter_config.json"), "utf8")) as object;
    const theirs = JSON.parse(await readFile(join(PEFT, "adapter_config.json"), "utf8")) as object;
    expect(theirs).toMatchObject({ ...config, target_modules: expect.anything() as unknown });
    const header = (path: string) => readFile(join(path, "adapter_model.safetensors"), "latin1");
    const names = (text: string) => [...text.matchAll(/base_model[\w.]+/g)].map(([name]) => name).sort();
    expect(names(await header(folder))).toEqual(names(await header(PEFT)));
  });

  it("merged into its base gives what base and adapter give", async () => {
    const adapter = await readAdapter(PEFT);
    const merged = join(root, "merged");
    const checkpoint = await Checkpoint.open(base);
    await writeMerged(checkpoint, adapter, merged);
    await checkpoint.close();
    const cacheDir = join(root, "cache");
    const [plain, adapted, whole] = await Promise.all([
      LocalModel.open(base, { cacheDir }),
      LocalModel.open(base, { cacheDir, adapted: adapter.options.targets }),
      LocalModel.open(merged, { cacheDir }),
    ]);
    adapted.useAdapter(loadedAdapter(adapter, "peft"));
    const [a, b, c] = await Promise.all([plain, adapted, whole].map((m) => m.encode(PROMPTS, callContext())));
    let [gap, effect] = [0, 0];
    b.data.forEach((value, i) => {
      gap = Math.max(gap, Math.abs(value - c.data[i]));
      effect = Math.max(effect, Math.abs(value - a.data[i]));
    });
    expect(gap).toBeLessThan(1e-4);
    expect(effect).toBeGreaterThan(0.1);
    const greedy = (m: LocalModel) => m.generate(PROMPTS, { maxNewTokens: 8 }, callContext());
    expect((await greedy(adapted)).map(({ text }) => text)).toEqual(
      (await greedy(whole)).map(({ text }) => text),
    );
    for (const m of [plain, adapted, whole]) await m.close();
  });

  it("can take turns with others on one base", async () => {
    const first = await readAdapter(PEFT);
    const checkpoint = await Checkpoint.open(base);
    const second = newAdapter(
      checkpoint.config,
      { rank: 2, alpha: 2, targets: ["v_proj"] },
      Random.fromSeed(1),
    );
    for (const { b } of second.pairs.values()) b.fill(0.5);
    await checkpoint.close();
    const model = await LocalModel.open(base, {
      cacheDir: join(root, "cache"),
      adapted: first.options.targets,
    });
    const states = async () => (await model.encode(PROMPTS, callContext())).data;
    const plain = await states();
    model.useAdapter(loadedAdapter(first, "first"));
    const one = await states();
    model.useAdapter(loadedAdapter(second, "second"));
    const two = await states();
    model.useAdapter(loadedAdapter(first, "first"));
    expect(await states()).toEqual(one);
    model.useAdapter(undefined);
    expect(await states()).toEqual(plain);
    expect(one).not.toEqual(two);
    expect(one).not.toEqual(plain);
    await model.close();
  });

  it("for a module that the graph does not adapt is refused", async () => {
    const adapter = await readAdapter(PEFT);
    const model = await LocalModel.open(base, { cacheDir: join(root, "cache"), adapted: ["q_proj"] });
    expect(() => {
      model.useAdapter(loadedAdapter(adapter, "peft"));
    }).toThrow(/opened without .*adapted/);
    await model.close();
  });
});

describe("a new adapter", () => {
  it("changes nothing, and depends on the seed alone", async () => {
    const checkpoint = await Checkpoint.open(base);
    const make = (seed: number, targets: ("q_proj" | "v_proj")[]) =>
      newAdapter(checkpoint.config, { rank: 2, alpha: 4, targets }, Random.fromSeed(seed));
    const adapter = make(1, ["q_proj"]);
    for (const { a, b } of adapter.pairs.values()) {
      expect(b.every((value) => value === 0)).toBe(true);
      expect(Math.max(...a.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(32));
    }
    expect(adapterHash(make(1, ["q_proj"]))).toBe(adapterHash(adapter));
    expect(adapterHash(make(2, ["q_proj"]))).not.toBe(adapterHash(adapter));
    const more = make(1, ["v_proj", "q_proj"]);
    const path = "model.layers.1.self_attn.q_proj";
    expect(more.pairs.get(path)).toEqual(adapter.pairs.get(path));
    await checkpoint.close();
  });
});

describe("an adapter that can't be used is one clear line and exit 4", () => {
  async function edited(name: string, changes: object): Promise<string> {
    const folder = join(root, name);
    await cp(PEFT, folder, { recursive: true });
    const path = join(folder, "adapter_config.json");
    const config = JSON.parse(await readFile(path, "utf8")) as object;
    await writeFile(path, JSON.stringify({ ...config, ...changes }));
    return folder;
  }

  it.each([
    [{ peft_type: "IA3" }, 'the adapter type "IA3" isn\'t supported'],
    [{ use_dora: true }, "DoRA isn't supported"],
    [{ bias: "all" }, "training of biases isn't supported"],
    [{ modules_to_save: ["lm_head"] }, "modules_to_save isn't supported"],
    [{ r: null }, "the number r is missing"],
  ])("%j", async (changes, message) => {
    const folder = await edited(`bad-${Object.keys(changes)[0]}`, changes);
    await expect(readAdapter(folder)).rejects.toMatchObject({ exit: EXIT.provider, message });
  });

  it("patterns of rank and alpha, and rank-stabilised scales, are read", async () => {
    const pattern = await readAdapter(
      await edited("pattern", { alpha_pattern: { "layers.1.mlp.down_proj": 16 } }),
    );
    expect(pattern.pairs.get("model.layers.1.mlp.down_proj")!.scale).toBe(4);
    expect(pattern.pairs.get("model.layers.0.mlp.down_proj")!.scale).toBe(2);
    const stabilised = await readAdapter(await edited("rslora", { use_rslora: true }));
    expect(stabilised.pairs.get("model.layers.0.mlp.down_proj")!.scale).toBe(4);
  });

  it("truncated", async () => {
    const folder = await edited("truncated", {});
    await truncate(join(folder, "adapter_model.safetensors"), 4000);
    await expect(readAdapter(folder)).rejects.toMatchObject({ exit: EXIT.provider, code: "BAD_ADAPTER" });
  });

  it("for another base", async () => {
    const adapter = await readAdapter(PEFT);
    const other = await Checkpoint.open(await goldenModel(root, "qwen3"));
    expect(() => {
      checkAdapter(adapter, other.config, PEFT);
    }).toThrow(
      "the adapter belongs to another base model: its model.layers.0.self_attn.q_proj maps 32 to 32, this one's 32 to 64",
    );
    expect(() => {
      checkAdapter(adapter, { ...other.config, layers: 1, headDim: 8 }, PEFT);
    }).toThrow("this one has no model.layers.1");
    await other.close();
  });
});
