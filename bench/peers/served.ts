/**
 * One model, two ways: `--llm embedded`, and the same folder served by Python's `transformers serve` on loopback and asked as `--llm openai:...`. Greedy
 * text must be equal, prompt by prompt.
 *
 *     python3 -m venv peers && peers/bin/pip install torch "transformers[serving]"
 *     npx tsx bench/peers/served.ts --bin peers/bin [--model FOLDER]
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { CostMeter } from "../../src/core/cost.js";
import { createProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { makeCorpus } from "../../src/experiment/pretraining/corpus.js";
import type { Document } from "../../src/experiment/pretraining/document.js";
import { embeddedFolder } from "../../src/llm/embedded.js";
import type { LanguageModel } from "../../src/llm/language-model.js";
import { openLanguageModel } from "../../src/llm/open.js";
import { parseModelSpec } from "../../src/llm/spec.js";

const { values } = parseArgs({
  options: {
    bin: { type: "string", default: "peers/bin" },
    model: { type: "string" },
    port: { type: "string", default: "8377" },
    prompts: { type: "string", default: "40" },
  },
});
const folder = resolve(values.model ?? embeddedFolder());
const progress = createProgress();
const context = { progress, signal: new AbortController().signal };

/** The openings of texts of every kind. */
const { knowledge, tastes } = makeCorpus();
const documents: Document[] = Random.fromSeed("served").shuffle([...knowledge, ...tastes]);
const prompts = documents
  .slice(0, Number(values.prompts))
  .map((document) => document.map(({ text }) => text).join(""))
  .map((text) => text.slice(0, Math.ceil(text.length / 2)));

async function texts(spec: string): Promise<string[]> {
  const model: LanguageModel = await openLanguageModel(parseModelSpec(spec), context);
  try {
    const cost = new CostMeter();
    const answers = await model.generate(prompts, { maxNewTokens: 40 }, { ...context, cost });
    return answers.map(({ text }) => text);
  } finally {
    await model.close();
  }
}

const server = spawn(
  resolve(values.bin, "transformers"),
  ["serve", folder, "--host", "127.0.0.1", "--port", values.port, "--dtype", "float32", "--device", "cpu"],
  { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, HF_HUB_OFFLINE: "1" } },
);
try {
  const base = `http://127.0.0.1:${values.port}`;
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${base}/health`).catch(() => undefined);
    if (answer?.ok === true) break;
    if (tries > 300 || server.exitCode !== null) throw new Error("the server did not start");
    await sleep(500);
  }
  const here = await texts(`dir:${folder}`);
  const there = await texts(`openai:${base}/v1#${folder}`);
  const equal = here.filter((text, n) => text === there[n]).length;
  console.log(`${equal} of ${prompts.length} greedy texts are equal`);
  prompts.forEach((prompt, n) => {
    if (here[n] !== there[n]) console.log(JSON.stringify({ prompt, here: here[n], there: there[n] }));
  });
  console.log(JSON.stringify({ prompt: prompts[0], both: here[0] }));
} finally {
  server.kill();
}
