/**
 * A Llama of 27M parameters here and in PyTorch, transformers and PEFT: a LoRA training step (8 x 128 tokens, rank 8 on q and v, AdamW, loss on all
 * tokens) and generation (8 prompts of 128 tokens, 64 new ones, greedy), ours and theirs in turns so that a busy machine slows both. Weights are random:
 * speed does not depend on them.
 *
 *     python3 -m venv peers && peers/bin/pip install torch transformers peft
 *     npx tsx bench/peers/language-models.ts --python peers/bin/python [--rounds 10] [--threads 2]
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { numpy as np } from "@jax-js/jax";
import { CostMeter } from "../../src/core/cost.js";
import { silentProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { adamW } from "../../src/engine/train/optimizer.js";
import { createTrainer } from "../../src/engine/train/trainer.js";
import { newAdapter } from "../../src/llm/adapter/lora.js";
import { Checkpoint } from "../../src/llm/checkpoint/checkpoint.js";
import { LocalModel } from "../../src/llm/local/local-model.js";
import { makeBatch, type SftBatch } from "../../src/llm/training/batches.js";
import { loraTensors, weightTensors } from "../../src/llm/training/sft.js";
import { sftLoss } from "../../src/llm/training/sft-loss.js";
import { writeTinyModel } from "../../test/llm/tiny-models.js";
import { takeTurns, timed } from "../engine/measure.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    threads: { type: "string", default: String(availableParallelism()) },
    python: { type: "string", default: "python3" },
  },
});
const threads = Number(values.threads);
const [ROWS, LENGTH, NEW] = [8, 128, 64];
const VOCABULARY = 4096;

const folder = await mkdtemp(join(tmpdir(), "llmrec-bench-"));
const model = await writeTinyModel(join(folder, "model"), {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: VOCABULARY,
  hidden_size: 512,
  intermediate_size: 1376,
  num_hidden_layers: 8,
  num_attention_heads: 8,
  num_key_value_heads: 8,
  hidden_act: "silu",
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  max_position_embeddings: 512,
  tie_word_embeddings: true,
  bos_token_id: VOCABULARY - 2,
  // A token that no answer comes to: all answers run to the same length.
  eos_token_id: VOCABULARY - 1,
  pad_token_id: 0,
});

const checkpoint = await Checkpoint.open(model);
const weights = await weightTensors(checkpoint);
const random = Random.fromSeed(1);
const adapter = newAdapter(
  checkpoint.config,
  { rank: 8, alpha: 16, targets: ["q_proj", "v_proj"] },
  random.fork("adapter"),
);
const [first] = [...adapter.pairs.values()];
const trainer = createTrainer({
  name: "LoRA",
  parameters: loraTensors(adapter),
  fixed: weights,
  optimizer: adamW({ learningRate: 1e-4 }),
  threads,
  loss: (lora, batch: SftBatch<np.Array>, fixed) =>
    sftLoss(checkpoint.config, fixed, { weights: lora, scale: first.scale }, batch),
});
const rows = Array.from({ length: ROWS }, () => ({
  tokens: Array.from({ length: LENGTH }, () => random.int(VOCABULARY - 2)),
  from: 1,
}));
const bucket = { length: LENGTH, targets: LENGTH - 1, rows: rows.map((_, row) => row) };
const batch = makeBatch(rows, bucket, ROWS, 0);

const context = { cost: new CostMeter(), progress: silentProgress(), signal: new AbortController().signal };
const local = await LocalModel.open(model, { threads, cacheDir: join(folder, "cache") });
const tokenizer = await local.tokenizer();
const prompts = Array.from({ length: ROWS }, () => promptOf(LENGTH));

await writeFile(
  join(folder, "prompts.json"),
  JSON.stringify(prompts.map((text) => tokenizer.encodePrompt(text))),
);
const script = fileURLToPath(new URL("language_models.py", import.meta.url));
const python = spawn(
  values.python,
  [script, model, join(folder, "prompts.json"), String(threads), String(NEW)],
  {
    stdio: ["pipe", "pipe", "inherit"],
  },
);
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const theirs = async (work: string): Promise<number> => {
  python.stdin.write(`${work}\n`);
  return Number((await lines.next()).value);
};

const memory = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
for (const [name, tokens, contenders] of [
  [
    "LoRA training step",
    ROWS * LENGTH,
    [
      { name: "llmrec-bench", run: () => timed(() => trainer.train(batch)) },
      { name: "PyTorch + PEFT", run: () => theirs("train") },
    ],
  ],
  [
    "generation",
    ROWS * NEW,
    [
      {
        name: "llmrec-bench",
        run: () => timed(() => local.generate(prompts, { maxNewTokens: NEW }, context)),
      },
      { name: "transformers", run: () => theirs("generate") },
    ],
  ],
] as const) {
  const [ours, other] = await takeTurns(contenders, Number(values.rounds));
  for (const { name: who, median, best } of [ours, other]) {
    const speed = (milliseconds: number) => Math.round((1000 * tokens) / milliseconds);
    console.log(`${name}, ${who}: median ${speed(median)} tokens/s, best ${speed(best)} tokens/s`);
  }
  console.log(`${name}: ${(other.median / ours.median).toFixed(2)} times theirs (medians)`);
}
console.log(
  `peak memory: ${memory(process.resourceUsage().maxRSS * 1024)} here, ${memory(await theirs("memory"))} there`,
);

python.stdin.end();
await trainer.release();
await local.close();
await checkpoint.close();
await rm(folder, { recursive: true });

/** A text of exactly so many tokens. */
function promptOf(length: number): string {
  for (;;) {
    let text = "";
    while (tokenizer.encodePrompt(text).length < length) {
      text += ` ${String.fromCharCode(97 + random.int(26))}`;
    }
    if (tokenizer.encodePrompt(text).length === length) return text;
  }
}
