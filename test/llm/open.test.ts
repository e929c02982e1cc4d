import { cp, rm } from "node:fs/promises";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../src/core/errors.js";
import { Checkpoint } from "../../src/llm/checkpoint/checkpoint.js";
import { exportInference } from "../../src/llm/inference/export.js";
import { modelFolder, openLanguageModel } from "../../src/llm/open.js";
import { parseModelSpec } from "../../src/llm/spec.js";
import { callContext, goldenModel, GOLDENS, temporaryFolder, writeTinyModel } from "./tiny-models.js";

let root: string;
let folder: string;
beforeAll(async () => {
  root = await temporaryFolder();
  folder = await goldenModel(root, "qwen3");
});
afterAll(() => rm(root, { recursive: true, force: true }));

const local = () => ({ cacheDir: join(root, "cache"), threads: 2 });
const open = (spec: string, options = {}) =>
  openLanguageModel(parseModelSpec(spec), callContext(), { local: local(), ...options });

describe("a model folder", () => {
  it("is converted once, and the same folder elsewhere uses the same conversion", async () => {
    const first = await open(`dir:${folder}`);
    const copy = join(root, "copy");
    await cp(folder, copy, { recursive: true });
    const before = readdirSync(join(root, "cache/models")).length;
    const second = await open(`dir:${copy}`);
    expect(second.identity.hash).toBe(first.identity.hash);
    expect(second.identity.name).toBe(copy);
    expect(readdirSync(join(root, "cache/models")).length).toBe(before);
    await first.close();
    await second.close();
  });

  it("refuses what is longer than its context, in one line", async () => {
    const model = await open(`dir:${folder}`);
    const long = "x".repeat(60);
    const too = (what: string, asked: string) => ({
      exit: EXIT.provider,
      code: "PROMPT_TOO_LONG",
      message: `${what} has ${asked}, but ${folder} takes 64`,
    });
    const options = { maxNewTokens: 5 };
    await expect(model.generate(["ok", long], options, callContext())).rejects.toMatchObject(
      too("prompt 1", "60 tokens and 5 more"),
    );
    await expect(
      model.choose([{ prompt: long, continuations: ["yyyyy", "zzzzz"] }], callContext()),
    ).rejects.toMatchObject(too("question 0", "60 tokens and 5 more"));
    await expect(model.embed(["x".repeat(65)], callContext())).rejects.toMatchObject(
      too("text 0", "65 tokens"),
    );
    await expect(model.embed([""], callContext())).rejects.toMatchObject({ code: "EMPTY_TEXT" });
    expect((await model.generate(["x".repeat(59)], options, callContext()))[0].tokens!.length).toBe(5);
    await model.close();
  });

  it("can have a chat template, in its own file", async () => {
    const chat = await writeTinyModel(join(root, "chat"), GOLDENS.models.qwen3.config);
    const { writeFile } = await import("node:fs/promises");
    const template =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";
    await writeFile(join(chat, "chat_template.jinja"), template);
    const model = await open(`dir:${chat}`);
    const tokenizer = await model.tokenizer();
    expect(tokenizer.hasChatTemplate).toBe(true);
    expect(tokenizer.render("Which?")).toBe("user: Which?\nassistant:");
    expect(
      tokenizer.render([
        { role: "system", content: "Be short." },
        { role: "user", content: "Which?" },
      ]),
    ).toBe("system: Be short.\nuser: Which?\nassistant:");
    await model.close();
    const plain = await open(`dir:${folder}`);
    const without = await plain.tokenizer();
    expect(without.render("Which?")).toBe("Which?");
    expect(() => without.render([{ role: "user", content: "Which?" }])).toThrow("no chat template");
    await plain.close();
  });

  it("that is missing says so", async () => {
    await expect(open(`dir:${join(root, "none")}`)).rejects.toMatchObject({
      exit: EXIT.provider,
      code: "NO_MODEL",
    });
  });
});

describe("a ready ONNX export", () => {
  it("generates and chooses like its checkpoint, and has no token embeddings", async () => {
    const exported = join(root, "exported");
    const checkpoint = await Checkpoint.open(folder);
    await exportInference(checkpoint, exported);
    await checkpoint.close();
    expect(existsSync(join(exported, "model.safetensors"))).toBe(false);
    const [ready, whole] = [await open(`dir:${exported}`), await open(`dir:${folder}`)];
    const prompts = GOLDENS.prompts.map(({ text }) => text);
    const texts = async (model: typeof ready) =>
      (await model.generate(prompts, { maxNewTokens: 6 }, callContext())).map(({ text }) => text);
    expect(await texts(ready)).toEqual(await texts(whole));
    expect(ready.supports("tokenEmbeddings")).toBe(false);
    expect(ready.supports("finetune")).toBe(false);
    await expect(ready.tokenEmbeddings()).rejects.toMatchObject({ code: "UNSUPPORTED_OPERATION" });
    await ready.close();
    await whole.close();
  });

  it("in few bits is chosen by name", async () => {
    const exported = join(root, "bits");
    const checkpoint = await Checkpoint.open(folder);
    await exportInference(checkpoint, exported, { weights: "q4" });
    await checkpoint.close();
    const model = await open(`dir:${exported}`);
    expect((await model.generate(["Yes"], { maxNewTokens: 3 }, callContext()))[0].tokens!.length).toBe(3);
    await model.close();
    await expect(open(`dir:${exported}`, { local: { ...local(), weights: "q8" } })).rejects.toMatchObject({
      code: "NO_WEIGHTS",
    });
  });
});

describe("recordings", () => {
  it("of a local model replay without it", async () => {
    const recordings = join(root, "calls.jsonl");
    const prompts = GOLDENS.prompts.map(({ text }) => text);
    const options = { maxNewTokens: 4, temperature: 1, seed: 9 };
    const model = await open(`dir:${folder}`, { recordings });
    const answers = await model.generate(prompts, options, callContext());
    await model.close();
    const replay = await open(`replay:${recordings}`);
    expect(await replay.generate(prompts, options, callContext())).toEqual(answers);
  });
});

describe("other models", () => {
  it("a server can't be asked offline, and has no folder", async () => {
    await expect(open("openai:http://localhost:1/v1#m", { offline: true })).rejects.toMatchObject({
      code: "OFFLINE",
    });
    await expect(modelFolder(parseModelSpec("replay:x"), callContext())).rejects.toMatchObject({
      exit: EXIT.usage,
    });
  });

  it("the embedded model may lie elsewhere", async () => {
    const model = await open("embedded", { embedded: folder });
    expect(model.identity.name).toBe("embedded");
    await model.close();
  });
});
