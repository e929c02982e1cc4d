/**
 * How much do the titles that a language model would recommend depend on the dialogue? About what reindexing can learn: titles are drawn
 * for some test dialogues of the embedded world, and the other half of a dialogue's draws is looked for among the ten titles that are commonest
 * in one half of its own draws (with more draws a little more is found), or in those of all dialogues (by who knows nothing of the dialogue).
 *
 *     npx tsx bench/rta/own-titles.ts [--llm embedded] [--dialogues 60] [--draws 400]
 */
import { parseArgs } from "node:util";
import { CostMeter } from "../../src/core/cost.js";
import { createProgress } from "../../src/core/progress.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { worldDataset } from "../../src/data/world/world.js";
import { openLanguageModel } from "../../src/llm/open.js";
import { parseModelSpec } from "../../src/llm/spec.js";
import { dialoguePrompt } from "../../src/methods/rta/prompts.js";
import { TitleMatcher } from "../../src/methods/rta/titles.js";
import { conversationProtocol } from "../../src/tasks/conversation-protocol.js";

const { values: flags } = parseArgs({
  options: {
    llm: { type: "string", default: "embedded" },
    dialogues: { type: "string", default: "60" },
    draws: { type: "string", default: "400" },
  },
});
const [wanted, draws] = [Number(flags.dialogues), Number(flags.draws)];
const context = {
  ...{ cost: new CostMeter(), progress: createProgress({ quiet: false }) },
  signal: new AbortController().signal,
};
const dataset = worldDataset({});
const split = makeSplit(dataset, "dialogue-time", { validation: 0.1, test: 0.2 });
const { turns, training } = conversationProtocol(dataset, split);
const apart = Math.max(1, Math.floor(turns.length / wanted));
const prompts = turns
  .filter((_, n) => n % apart === 0)
  .slice(0, wanted)
  .map((turn) => dialoguePrompt(turn.context));

const model = await openLanguageModel(parseModelSpec(flags.llm), context);
const asked = prompts.flatMap((prompt) => new Array<string>(draws).fill(prompt));
const answers = await model.generate(
  asked,
  { maxNewTokens: 24, stop: ["\n"], temperature: 1, seed: asked.map((_, n) => n % draws) },
  context,
);
await model.close();
const matcher = new TitleMatcher(training);
const items = answers.map(({ text }) => matcher.find(text.trim()));
const half = Math.floor(draws / 2);
const known = prompts.map((_, n) => items.slice(n * draws, n * draws + half));
const sought = prompts.map((_, n) =>
  items.slice(n * draws + half, (n + 1) * draws).filter((item) => item >= 0),
);

function commonest(list: readonly number[]): Set<number> {
  const counts = new Map<number, number>();
  for (const item of list) if (item >= 0) counts.set(item, (counts.get(item) ?? 0) + 1);
  const order = [...counts].sort(([, one], [, other]) => other - one);
  return new Set(order.slice(0, 10).map(([item]) => item));
}

const found = (listOf: (n: number) => Set<number>) => {
  const hits = sought.flatMap((list, n) => list.map((item) => Number(listOf(n).has(item))));
  return (hits.reduce((sum, hit) => sum + hit, 0) / hits.length).toFixed(3);
};
const everyone = commonest(known.flat());
const own = known.map(commonest);
console.log(`${prompts.length} dialogues, ${draws} titles drawn for each; found within ten:`);
console.log(`  the dialogue's own commonest titles   ${found((n) => own[n])}`);
console.log(`  the commonest titles of all dialogues ${found(() => everyone)}`);
