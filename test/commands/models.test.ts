import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { goldenModel } from "../llm/tiny-models.js";
import { run, temporaryFolder } from "./cli.js";

let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await temporaryFolder();
  env = { LLMREC_CACHE_DIR: join(folder, "cache"), HF_HUB_CACHE: join(folder, "hub"), HF_HUB_OFFLINE: "1" };
  await goldenModel(folder, "llama-tied-grouped");
});

const json = (stdout: string) => JSON.parse(stdout) as Record<string, unknown>;

describe("llmrec models", () => {
  it("lists what ships with the program and what --llm takes", async () => {
    const { code, stdout } = await run(["models", "list"], folder, env);
    expect(code).toBe(0);
    expect(stdout).toContain("openai:BASE_URL#MODEL");
    const models = json((await run(["models", "list", "--json"], folder, env)).stdout).models as {
      spec: string;
    }[];
    expect(models.map(({ spec }) => spec)).toEqual(["embedded", "embedded-twin"]);
  });

  it("fine-tunes on a file and exports the result", async () => {
    const pairs = Array.from({ length: 30 }, (_, n) => ({
      prompt: `Film ${n % 10}?`,
      completion: n % 2 === 0 ? " Yes" : " No",
    }));
    await writeFile(join(folder, "pairs.jsonl"), pairs.map((pair) => JSON.stringify(pair)).join("\n"));
    const words = [
      "models",
      "finetune",
      "--llm",
      "dir:llama-tied-grouped",
      "--file",
      "pairs.jsonl",
      "--epochs",
      "1",
    ];
    const tuned = await run([...words, "--out", "adapter", "--held-out", "0.2", "--json"], folder, env);
    expect(tuned.code, tuned.stderr + tuned.stdout).toBe(0);
    expect(json(tuned.stdout)).toMatchObject({
      schemaVersion: 1,
      command: "models finetune",
      trainedPairs: 24,
      accuracy: { pairs: 6 },
    });
    const exported = await run(
      ["models", "export", "--llm", "dir:llama-tied-grouped", "--adapter", "adapter", "--out", "export"],
      folder,
      env,
    );
    expect([exported.code, exported.stdout]).toEqual([0, "export\n"]);
    const files = await readdir(join(folder, "export"));
    for (const file of [
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "onnx",
      "tokenizer.json",
    ])
      expect(files).toContain(file);
    expect(existsSync(join(folder, "export", "onnx", "model.onnx"))).toBe(true);
  });

  it("ends with the right code and one line for what is wrong", async () => {
    const cases: [string[], number, RegExp][] = [
      [["models", "pull", "no-slash"], 2, /hf:ORG\/NAME/],
      [["models", "pull", "hf:org/name"], 4, /org\/name/],
      [["models", "export", "--llm", "dir:nowhere", "--out", "x"], 4, /config\.json/],
      [
        ["models", "finetune", "--file", "none.jsonl", "--out", "x", "--llm", "dir:llama-tied-grouped"],
        3,
        /none\.jsonl/,
      ],
      [["models", "finetune", "--file", "pairs.jsonl", "--out", "x", "--held-out", "2"], 2, /--held-out/],
      [["models", "finetune", "--file", "pairs.jsonl", "--out", "x", "--llm", "replay:a"], 2, /no weights/],
      [["models", "pretrain"], 2, /--out|out/],
    ];
    for (const [words, exit, message] of cases) {
      const { code, stderr, stdout } = await run(words, folder, env);
      expect([words, code, stdout]).toEqual([words, exit, ""]);
      expect(stderr).toMatch(message);
    }
  });
});
