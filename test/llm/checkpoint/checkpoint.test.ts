import { cp, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT, LlmrecError } from "../../../src/core/errors.js";
import { SafetensorsFile } from "../../../src/core/safetensors-file.js";
import { Checkpoint } from "../../../src/llm/checkpoint/checkpoint.js";
import { parseConfig } from "../../../src/llm/checkpoint/config.js";
import { expectedTensors, parameterCount } from "../../../src/llm/checkpoint/tensors.js";
import { goldenModel, GOLDENS, goldenWeights, temporaryFolder, writeTinyModel } from "../tiny-models.js";

let root: string;
let whole: string;
beforeAll(async () => {
  root = await temporaryFolder();
  whole = await goldenModel(root, "qwen2");
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function copy(name: string): Promise<string> {
  const folder = join(root, name);
  await cp(whole, folder, { recursive: true });
  return folder;
}

async function failure(folder: string): Promise<LlmrecError> {
  const error: unknown = await Checkpoint.open(folder).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LlmrecError);
  const failed = error as LlmrecError;
  expect(failed.exit).toBe(EXIT.provider);
  expect(failed.message).not.toContain("\n");
  return failed;
}

async function editConfig(folder: string, changes: object): Promise<void> {
  const path = join(folder, "config.json");
  const config = JSON.parse(await readFile(path, "utf8")) as object;
  await writeFile(path, JSON.stringify({ ...config, ...changes }));
}

describe("a checkpoint", () => {
  it("knows the model's tensors and their shapes", async () => {
    const checkpoint = await Checkpoint.open(whole);
    const shapes = expectedTensors(checkpoint.config);
    expect(shapes.has("lm_head.weight")).toBe(false);
    expect(shapes.get("model.layers.1.self_attn.k_proj.bias")).toEqual([16]);
    const tensors = await checkpoint.readAll();
    expect([...tensors.keys()]).toEqual([...shapes.keys()]);
    expect(tensors.get("model.layers.0.mlp.down_proj.weight")).toEqual(
      goldenWeights("model.layers.0.mlp.down_proj.weight", 32 * 48),
    );
    expect(parameterCount(checkpoint.config)).toBe(
      [...tensors.values()].reduce((sum, t) => sum + t.length, 0),
    );
    await checkpoint.close();
  });

  it("is the same in one file and in shards, and its hash follows its content", async () => {
    const raw = GOLDENS.models.qwen2.config;
    const sharded = await writeTinyModel(join(root, "sharded"), raw, { shardBytes: 20_000 });
    const index = JSON.parse(await readFile(join(sharded, "model.safetensors.index.json"), "utf8")) as {
      metadata: { total_size: number };
      weight_map: Record<string, string>;
    };
    expect(new Set(Object.values(index.weight_map)).size).toBeGreaterThan(2);
    const [one, many] = [await Checkpoint.open(whole), await Checkpoint.open(sharded)];
    expect(await many.readAll()).toEqual(await one.readAll());
    expect(index.metadata.total_size).toBe(4 * parameterCount(one.config));
    const again = await Checkpoint.open(await copy("again"));
    expect(await again.hash()).toBe(await one.hash());
    const other = await Checkpoint.open(
      await writeTinyModel(join(root, "other"), raw, {}, (name, v) =>
        name.includes("norm") ? v.map((x) => x + 1) : v,
      ),
    );
    expect(await other.hash()).not.toBe(await one.hash());
    for (const checkpoint of [one, many, again, other]) await checkpoint.close();
  });

  it.each(["F16", "BF16"] as const)("can be stored as %s", async (type) => {
    const folder = await writeTinyModel(join(root, type), GOLDENS.models.qwen2.config, { type });
    const checkpoint = await Checkpoint.open(folder);
    const values = await checkpoint.read("model.embed_tokens.weight");
    const exact = goldenWeights("model.embed_tokens.weight", values.length);
    // 10 or 7 bits of fraction: half a unit in the last place (the smallest halves are 2^-24 apart).
    const bound = type === "F16" ? 2 ** -11 : 2 ** -8;
    values.forEach((value, i) => {
      expect(Math.abs(value - exact[i])).toBeLessThanOrEqual(bound * Math.abs(exact[i]) + 2 ** -25);
    });
    expect(checkpoint.rawConfig.dtype).toBe(type === "F16" ? "float16" : "bfloat16");
    expect(checkpoint.storedBytes).toBe(2 * parameterCount(checkpoint.config));
    await checkpoint.close();
  });
});

describe("a broken checkpoint is one clear line and exit 4", () => {
  it("truncated weights", async () => {
    const folder = await copy("truncated");
    await truncate(join(folder, "model.safetensors"), 30_000);
    const error = await failure(folder);
    expect(error.message).toMatch(/it was cut short/);
    expect(error.place.file).toBe(join(folder, "model.safetensors"));
  });

  it("a tensor of the wrong shape", async () => {
    const folder = await copy("shape");
    await editConfig(folder, { intermediate_size: 40 });
    expect((await failure(folder)).message).toBe(
      "tensor model.layers.0.mlp.gate_proj.weight has shape [48, 32], but config.json asks for [40, 32]",
    );
  });

  it("a missing tensor", async () => {
    const folder = await copy("layers");
    await editConfig(folder, { num_hidden_layers: 3 });
    expect((await failure(folder)).message).toBe(
      "the weights lack the tensor model.layers.2.self_attn.q_proj.weight",
    );
  });

  it("a missing head says what tied heads need", async () => {
    const folder = await copy("untied");
    await editConfig(folder, { tie_word_embeddings: false });
    const error = await failure(folder);
    expect(error.message).toBe("the weights lack the tensor lm_head.weight");
    expect(error.hint).toContain("tie_word_embeddings");
  });

  it.each(["tokenizer.json", "tokenizer_config.json"])("a missing %s", async (file) => {
    const folder = await copy(`no-${file}`);
    await rm(join(folder, file));
    expect((await failure(folder)).message).toBe(`the model folder has no ${file}`);
  });

  it("no weights, or pickled ones", async () => {
    const folder = await copy("pickled");
    await rename(join(folder, "model.safetensors"), join(folder, "pytorch_model.bin"));
    const error = await failure(folder);
    expect(error.message).toBe("the model folder has no *.safetensors");
    expect(error.hint).toContain("safe_serialization");
  });

  it("another architecture lists those supported", async () => {
    const folder = await copy("gemma");
    await editConfig(folder, { model_type: "gemma2" });
    const error = await failure(folder);
    expect(error.message).toBe('the architecture "gemma2" isn\'t supported');
    for (const name of ["llama", "mistral", "qwen2", "qwen3"]) expect(error.hint).toContain(name);
  });

  it("config.json that is missing, broken, or contradicts itself", async () => {
    const folder = await copy("config");
    await editConfig(folder, { num_key_value_heads: 3 });
    expect((await failure(folder)).message).toBe("4 attention heads can't be shared among 3 key-value heads");
    await writeFile(join(folder, "config.json"), "{");
    expect((await failure(folder)).message).toBe("not a JSON object");
    await rm(join(folder, "config.json"));
    expect((await failure(folder)).hint).toContain("config.json");
  });

  it("quantised weights and other activations", () => {
    const raw = GOLDENS.models.llama.config;
    expect(() => parseConfig({ ...raw, quantization_config: { bits: 4 } }, "f")).toThrow("quantised");
    expect(() => parseConfig({ ...raw, hidden_act: "gelu" }, "f")).toThrow("gelu");
  });

  it("a tensor of whole numbers", async () => {
    const folder = await copy("integers");
    const path = join(folder, "model.safetensors");
    const bytes = (await readFile(path)).toString("latin1").replaceAll('"F32"', '"I32"');
    await writeFile(path, Buffer.from(bytes, "latin1"));
    const checkpoint = await Checkpoint.open(folder);
    await expect(checkpoint.read("model.norm.weight")).rejects.toMatchObject({
      exit: EXIT.provider,
      message: "tensor model.norm.weight has type I32; expected F32, F16 or BF16",
    });
    await checkpoint.close();
    const file = await SafetensorsFile.open(path);
    await expect(file.readFloats("nothing")).rejects.toThrow("no tensor nothing");
    await file.close();
  });
});
