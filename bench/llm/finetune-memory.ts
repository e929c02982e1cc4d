/**
 * What fine-tuning on texts of many lengths costs in memory and time, with and without ONNX Runtime's memory arena: each length has a graph of
 * its own, and an arena keeps a graph's most memory for as long as the graph is there.
 *
 *     npx tsx bench/llm/finetune-memory.ts           as the program trains: without
 *     npx tsx bench/llm/finetune-memory.ts --arena   with
 *
 * Texts are film plots of the embedded world, one after another, of 4 to 16 films.
 */
import { parseArgs } from "node:util";
import { CostMeter } from "../../src/core/cost.js";
import { silentProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { itemText } from "../../src/data/dataset.js";
import { worldDataset } from "../../src/data/world/world.js";
import { loadRuntime } from "../../src/engine/run/providers.js";
import { PROJECTIONS } from "../../src/llm/checkpoint/tensors.js";
import { embeddedFolder } from "../../src/llm/embedded.js";
import { LocalModel } from "../../src/llm/local/local-model.js";
import { finetune } from "../../src/llm/training/sft.js";

const { values: flags } = parseArgs({ options: { arena: { type: "boolean", default: false } } });

const { InferenceSession } = await loadRuntime();
const create = InferenceSession.create.bind(InferenceSession) as (
  model: Uint8Array,
  options: object,
) => ReturnType<typeof InferenceSession.create>;
InferenceSession.create = ((model: Uint8Array, options: object) =>
  create(model, { ...options, enableCpuMemArena: flags.arena })) as typeof InferenceSession.create;

const { items } = worldDataset({});
const texts = items.keys.map((_, item) => itemText(items, item)).filter((text) => text !== "");
const pairs = Array.from({ length: 96 }, (_, n) => {
  const films = texts.slice(n * 8, n * 8 + 4 + (n % 13));
  return { prompt: films.join(" ").slice(0, 1500), completion: ` ${texts[n].slice(0, 60)}` };
});
const model = await LocalModel.open(embeddedFolder());
const context = {
  ...{ cost: new CostMeter(), progress: silentProgress() },
  signal: new AbortController().signal,
};
const began = performance.now();
const before = process.cpuUsage();
await finetune(
  model.folder,
  await model.tokenizer(),
  pairs,
  {
    lora: { rank: 8, alpha: 16, dropout: 0, targets: PROJECTIONS },
    ...{ epochs: 1, batchSize: 16, learningRate: 1e-3, lossOn: "completion" },
  },
  Random.fromSeed(1),
  context,
);
const used = process.cpuUsage(before);
console.log(
  `${flags.arena ? "with an arena" : "without an arena"}: ${((performance.now() - began) / 1000).toFixed(1)} s, ` +
    `${((used.user + used.system) / 1e6).toFixed(1)} s of processor, peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
);
await model.close();
