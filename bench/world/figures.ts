/**
 * The figures of docs/world.md, "Acceptance": whether the world can tell methods apart. Minutes.
 *
 * npx tsx bench/world/figures.ts [--seeds 1,2,3] [--users 2000]
 */
import { parseArgs } from "node:util";
import { drawHistory } from "../../src/data/world/histories.js";
import { makePlatform } from "../../src/data/world/platform.js";
import { Acceptance } from "../../test/data/world/acceptance-figures.js";
import { measureInformation } from "../../test/data/world/dialogue-information.js";

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "1,2,3" }, users: { type: "string", default: "2000" } },
});

for (const seed of values.seeds.split(",").map(Number)) {
  const platform = makePlatform({ size: "small", seed });
  const histories = Array.from({ length: Number(values.users) }, (_, user) => drawHistory(platform, user));
  const acceptance = new Acceptance(platform, histories);
  const dialogues = Array.from({ length: 200 }, (_, n) => n);
  console.log(
    JSON.stringify(
      {
        seed,
        coldKnown: acceptance.knownTaste(true),
        coldInferred: acceptance.inferredTaste(),
        warmKnown: acceptance.knownTaste(false),
        latentShown: acceptance.latentShown(),
        genreRecall: acceptance.genreRecall(),
        dialogueBits: measureInformation(platform, dialogues, 500),
      },
      (_key, value: unknown) => (typeof value === "number" ? Math.round(value * 1e4) / 1e4 : value),
      1,
    ),
  );
}
