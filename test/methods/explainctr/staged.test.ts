import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import type { Recommender } from "../../../src/recommenders/recommender.js";
import { LocalModel } from "../../../src/llm/local/local-model.js";
import { newAdapter, adapterHash } from "../../../src/llm/adapter/lora.js";
import { LORA, policyFormat } from "../../../src/methods/explainctr/policy.js";
import { zeroValueHead } from "../../../src/llm/training/ppo/policy.js";
import { EXPLAINCTR } from "../../../src/methods/explainctr/rows.js";
import { foldsOf, newest } from "../../../src/methods/explainctr/folds.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { failureOf, folderOf } from "../../data/readers/files.js";
import { GOLDENS, temporaryFolder, writeTinyModel } from "../../llm/tiny-models.js";
import { ScriptedModel } from "../../llm/scripted-model.js";
import { lending, protocolOf, ratings } from "./support.js";

const protocol = protocolOf(ratings(4, 8, 6));
const cases = Array.from(protocol.test.labels, (_, n) => protocol.caseOf(n));
const few = {
  ...{ shown: 1, maxNewTokens: 3, backbone: "fm", training: { embedding: 2, epochs: 1 } },
  ...{ pairs: 4, lcSteps: 1, icSteps: 1, batchSize: 2, miniBatch: 2, learningRate: 0.01, epochs: 1 },
};
/** As many of them as the row knows. */
const optionsOf = (row: Recommender<"ctr">) => {
  const known = Object.keys(resolveOptions(row, {}) as Record<string, unknown>);
  return resolveOptions(
    row,
    Object.fromEntries(Object.entries(few).filter(([name]) => known.includes(name))),
  );
};
const rowOf = (id: string) => EXPLAINCTR.find((row) => row.id === id)!;

const seven = { users: Int32Array.of(0, 0, 0, 1, 1, 1, 1), items: Int32Array.of(0, 1, 2, 0, 1, 2, 3) };

let root: string;
let model: LocalModel;
beforeAll(async () => {
  root = await temporaryFolder();
  process.env.LLMREC_CACHE_DIR = join(root, "cache");
  const config = { ...GOLDENS.models["llama-tied-grouped"].config, max_position_embeddings: 512 };
  model = await LocalModel.open(await writeTinyModel(join(root, "tiny"), config));
});
afterAll(async () => {
  await model.close();
  await rm(root, { recursive: true, force: true });
});

describe("folds", () => {
  it("reward with other rows than they explain, and explain every row once", () => {
    const folds = foldsOf(seven, true, Random.fromSeed(1));
    for (const { rewarded, explained } of folds)
      expect([...rewarded, ...explained].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(folds.flatMap(({ explained }) => [...explained]).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const all = Int32Array.of(0, 1, 2, 3, 4, 5, 6);
    expect(foldsOf(seven, false, Random.fromSeed(1))).toEqual([{ rewarded: all, explained: all }]);
  });

  it("keep repeated pairs together", () => {
    const rows = { users: Int32Array.of(0, 1, 0, 2, 0, 1), items: Int32Array.of(5, 5, 5, 5, 6, 5) };
    for (let seed = 0; seed < 8; seed++) {
      const [{ rewarded }] = foldsOf(rows, true, Random.fromSeed(seed));
      expect(rewarded.includes(0)).toBe(rewarded.includes(2));
      expect(rewarded.includes(1)).toBe(rewarded.includes(5));
    }
  });
});

describe("the newest rows", () => {
  it("are given in the order of the data", () => {
    const times = Float64Array.of(5, 9, 1, 9, 7);
    expect(Array.from(newest({ times }, 3))).toEqual([1, 3, 4]);
    expect(Array.from(newest({ times }, 9))).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("a policy", () => {
  it("is the same after it was written and read", async () => {
    const adapter = newAdapter(model.config!, LORA, Random.fromSeed(2));
    const path = join(folderOf({}), "policy.safetensors");
    const valueHead = zeroValueHead(model.config!.hiddenSize);
    await policyFormat.write(path, { adapter, valueHead });
    const found = await policyFormat.read(path);
    expect(adapterHash(found.adapter)).toBe(adapterHash(adapter));
    expect(found.valueHead).toEqual(valueHead);
    expect(await readFile(join(path, "../health.jsonl"), "utf8")).toBe("");
  });

  it("needs a model of this machine", async () => {
    const row = rowOf("expctr-llm-lc");
    const fit = row.fit(protocol.training, optionsOf(row), lending(new ScriptedModel({}), row.id));
    expect(await failureOf(fit)).toMatchObject({ exit: 4, code: "UNSUPPORTED_OPERATION" });
  });
});

describe("PPO", () => {
  it("stops with the reason when a setting is bad, and says how far it came", async () => {
    const row = rowOf("expctr-llm-lc");
    const bad = {
      ...(optionsOf(row) as Record<string, unknown>),
      learningRate: 10,
      klLimit: 0.5,
      lcSteps: 5,
    };
    const failure = await failureOf(
      row.fit(protocol.training, resolveOptions(row, bad), lending(model, row.id)),
    );
    expect(failure).toMatchObject({ exit: 4, code: "PPO_STOPPED" });
    expect(failure.message).toMatch(/KL to the base model is .* above the limit of 0.5/);
  }, 240_000);
});

describe("rows", () => {
  it.each([
    ...["llm-sft", "recexplainer", "post-hoc-attribution", "post-hoc-template", "peter"],
    ...[
      "expctr-llm-lc",
      "expctr-llm-ic-only",
      "expctr-llm-unsaid",
      "expctr-llm-second",
      "expctr-aug",
      "expctr-stacked",
      "expctr-aug-shuffled",
    ],
  ])(
    "%s goes through its stages and answers",
    async (id) => {
      const row = rowOf(id);
      const context = lending(model, id);
      const fitted = await row.fit(protocol.training, optionsOf(row), context);
      const answers = await fitted.answer(cases, context);
      expect(answers.length).toBe(cases.length);
      expect(answers.every((p) => p > 0 && p < 1)).toBe(true);
    },
    300_000,
  );
});
