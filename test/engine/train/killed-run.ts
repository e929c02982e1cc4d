import { writeFile } from "node:fs/promises";
import { Random } from "../../../src/core/random.js";
import { writeSafetensors } from "../../../src/core/safetensors.js";
import { adamW } from "../../../src/engine/train/optimizer.js";
import { accuracy, bprBatch, bprTrainer, fitBpr, twoTastes } from "./bpr.js";

/**
 * A training run of its own process, to be killed: `killed-run.ts FOLDER OUT [MILLISECONDS]`. It checkpoints every 5 steps, waits so long after each
 * step, tells its steps on stdout, and writes its final state to OUT.
 */
const [folder, out, wait = "0"] = process.argv.slice(2);
const random = Random.fromSeed("killed");
const pairs = twoTastes(40, 30, 6, random.fork("data"));
const trainer = bprTrainer(pairs, random, { optimizer: adamW({ learningRate: 0.02 }), clipNorm: 0.5 });
const report = await fitBpr(trainer, pairs, random, {
  epochs: 6,
  batchSize: 25,
  checkpoint: { folder, every: 5 },
  validation: { metric: () => accuracy(trainer) },
  batch: async (examples, own) => {
    process.stdout.write(`step ${trainer.step}\n`);
    await new Promise((resolve) => setTimeout(resolve, Number(wait)));
    return bprBatch(pairs, examples, own);
  },
});
await writeSafetensors(out, trainer.snapshot().tensors);
await writeFile(`${out}.json`, JSON.stringify(report));
