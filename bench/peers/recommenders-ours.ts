/**
 * One of our recommenders on one split, in a process of its own:
 * `tsx recommenders-ours.ts MODEL OPTIONS TRAIN_CSV USERS ITEMS SCORES_OUT`.
 * Prints {"fit": seconds, "score": seconds, "cpu": seconds of both on all threads, "peak": MiB of the process} and writes the scores [users, items] as raw float32.
 */
import { writeFileSync } from "node:fs";
import { resolveOptions, selectRecommenders } from "../../src/recommenders/registry.js";
import { inRun, pairTraining, readColumns } from "./ours.js";

const [model, optionText, trainCsv, userText, itemText, out] = process.argv.slice(2);
const { seed = 1, ...options } = JSON.parse(optionText) as Record<string, unknown> & { seed?: number };
const [users, items] = [Number(userText), Number(itemText)];
const train = pairTraining(users, items, readColumns(trainCsv));
const [recommender] = selectRecommenders("cold-start", [model]);

await inRun(seed, async (context) => {
  // Theirs have imported their libraries by now, too.
  await import("onnxruntime-node");
  const before = process.cpuUsage();
  const begun = performance.now();
  const fitted = await recommender.fit(train, resolveOptions(recommender, options), context);
  const done = performance.now();
  const cases = Array.from({ length: users }, (_, user) => ({ user }));
  const scores = await fitted.answer(cases, context);
  const end = performance.now();
  const { user, system } = process.cpuUsage(before);
  writeFileSync(out, scores);
  console.log(
    JSON.stringify({
      fit: (done - begun) / 1000,
      score: (end - done) / 1000,
      cpu: (user + system) / 1e6,
      peak: process.resourceUsage().maxRSS / 1024,
    }),
  );
});
