/**
 * One-step recommendation against writing a list: seconds and tokens for one dialogue at a time, by the same model in turns.
 *
 *     npx tsx bench/rta/one-step.ts [--llm embedded] [--dialogues 20] [--titles 20]
 *
 * One step is the prompt's prefill and one product with the catalogue's embeddings (the sum of title tokens: what makes the embeddings
 * does not change the seconds). Writing goes on until as many titles stand there; a model that ends its list is asked to go on.
 */
import { parseArgs } from "node:util";
import { CostMeter } from "../../src/core/cost.js";
import { silentProgress } from "../../src/core/progress.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { worldDataset } from "../../src/data/world/world.js";
import { openLanguageModel } from "../../src/llm/open.js";
import { parseModelSpec } from "../../src/llm/spec.js";
import { catalogueEmbedder, readTitles, titleEncoder } from "../../src/methods/rta/item-encoder.js";
import { dialoguePrompt } from "../../src/methods/rta/prompts.js";
import { allScores } from "../../src/methods/rta/scores.js";
import { listedTitles } from "../../src/methods/rta/titles.js";
import { conversationProtocol } from "../../src/tasks/conversation-protocol.js";

const { values: flags } = parseArgs({
  options: {
    llm: { type: "string", default: "embedded" },
    dialogues: { type: "string", default: "20" },
    titles: { type: "string", default: "20" },
  },
});
const wanted = Number(flags.titles);
const { signal } = new AbortController();
const progress = silentProgress();
const dataset = worldDataset({});
const { turns } = conversationProtocol(dataset, makeSplit(dataset, "dialogue-time"));
const model = await openLanguageModel(parseModelSpec(flags.llm), { progress, signal });
const embedder = catalogueEmbedder(titleEncoder("sum"), await readTitles(model, dataset.items.titles));
const items = await embedder.embed({});

async function oneStep(prompt: string, cost: CostMeter): Promise<void> {
  await allScores(await model.encode([prompt], { cost, progress, signal }), items, signal);
}

async function write(prompt: string, cost: CostMeter): Promise<void> {
  let written = "";
  for (let count = 0; count < wanted;) {
    const start = count === 0 ? "" : `${written}\n${count + 1}.`;
    const options = { maxNewTokens: 16 * (wanted - count), stop: [`\n${wanted + 1}.`] };
    const [{ text }] = await model.generate([prompt + start], options, { cost, progress, signal });
    written = start + (text.trim() === "" ? " -" : text);
    count = listedTitles(written, true).length;
  }
}

const means = { oneStep: new CostMeter(), write: new CostMeter() };
const seconds = { oneStep: [] as number[], write: [] as number[] };
const chosen = turns.slice(0, Number(flags.dialogues) + 1).map(({ context }) => dialoguePrompt(context));
for (const [n, prompt] of chosen.entries()) {
  for (const [name, work] of Object.entries({ oneStep, write }) as ["oneStep" | "write", typeof write][]) {
    // The first dialogue warms up.
    const cost = n === 0 ? new CostMeter() : means[name];
    const began = performance.now();
    await work(prompt, cost);
    if (n > 0) seconds[name].push((performance.now() - began) / 1000);
  }
}
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
for (const name of ["oneStep", "write"] as const) {
  const { promptTokens, completionTokens } = means[name].total;
  const each = (tokens: number) => (tokens / seconds[name].length).toFixed(1);
  console.log(
    `${name}: ${(1000 * median(seconds[name])).toFixed(2)} ms, ${each(promptTokens)} prompt and ${each(completionTokens)} written tokens a dialogue`,
  );
}
console.log(`${(median(seconds.write) / median(seconds.oneStep)).toFixed(1)} times faster`);
await embedder.release();
await model.close();
