import { cpSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeSafetensors } from "../../../src/core/safetensors.js";
import { StageStore } from "../../../src/core/stages.js";
import { coldLlm } from "../../../src/methods/coldllm/coldllm.js";
import type { RunContext } from "../../../src/recommenders/recommender.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { failureOf } from "../../data/readers/files.js";
import { contextOf } from "../../recommenders/support.js";
import { colourJudge, lend, twoColours } from "./two-colours.js";

const FILES = {
  embed: "states.safetensors",
  backbone: "embeddings.safetensors",
  semantic: "tower.safetensors",
  collaborative: "tower.safetensors",
  filter: "filter.csv",
  refine: "refine.csv",
  update: "embeddings.safetensors",
} as const;
type Given = keyof typeof FILES;

describe("a stage of ColdLLM's from outside", () => {
  const train = twoColours();
  const options = resolveOptions(coldLlm, {
    ...{ backbone: "als", training: { factors: 2, regularization: 0.1, alpha: 5 }, judge: "zero-shot" },
    filter: { users: 6, hidden: 8, size: 4, epochs: 3, batchSize: 16 },
    // Of the backbone's own embeddings, so that it has a say in the scores.
    update: "cold-only",
    coldOnly: { learningRate: 0.05, epochs: 5 },
  });
  const folderOfRun = () => mkdtempSync(join(tmpdir(), "llmrec-given-"));
  const runIn = (folder: string, external: ReadonlyMap<string, string>): RunContext => {
    const context = contextOf("coldllm");
    return lend(
      { ...context, stages: new StageStore(folder, external, "coldllm", context.cost) },
      colourJudge(),
    );
  };
  const scoresIn = async (context: RunContext) => {
    const fitted = await coldLlm.fit(train, options, context);
    const cases = train.users.keys.map((_, user) => ({ user }));
    return { scores: await fitted.answer(cases, context), simulated: fitted.simulated };
  };
  const home = folderOfRun();
  const given = folderOfRun();
  let finished: Awaited<ReturnType<typeof scoresIn>>;
  beforeAll(async () => {
    finished = await scoresIn(runIn(home, new Map()));
    for (const [stage, file] of Object.entries(FILES)) {
      const folder = readdirSync(home).find((name) => name.startsWith(`${stage}-`))!;
      cpSync(join(home, folder, file), join(given, `${stage}-${file}`));
    }
  }, 60_000);

  it.each(Object.keys(FILES) as Given[])(
    "leads to the same scores where it is a finished run's: %s",
    async (stage) => {
      const folder = folderOfRun();
      const context = runIn(folder, new Map([[stage, join(given, `${stage}-${FILES[stage]}`)]]));
      const found = await scoresIn(context);
      expect(found.scores).toEqual(finished.scores);
      expect(found.simulated!.at(-1)).toEqual(finished.simulated!.at(-1));
      expect(readdirSync(folder).filter((name) => name.startsWith(`${stage}-`))).toEqual([]);
    },
    60_000,
  );

  it.each([
    { stage: "embed", code: "BAD_STATES", names: ["user_states", "item_states"] },
    { stage: "semantic", code: "BAD_TOWER", names: ["user_embeddings", "item_embeddings"] },
    { stage: "collaborative", code: "BAD_TOWER", names: ["user_embeddings", "item_embeddings"] },
  ])(
    "is refused where it has not a row for each user or lacks the items': $stage",
    async ({ stage, code, names }) => {
      const path = join(folderOfRun(), "bad.safetensors");
      const rows = (count: number) => ({ shape: [count, 3], data: new Float32Array(count * 3) });
      const failure = () => failureOf(scoresIn(runIn(folderOfRun(), new Map([[stage, path]]))));
      await writeSafetensors(path, { [names[0]]: rows(15), [names[1]]: rows(16) });
      expect(await failure()).toMatchObject({ exit: 3, code, file: path });
      await writeSafetensors(path, { [names[0]]: rows(16) });
      expect(await failure()).toMatchObject({ exit: 3, code, file: path });
    },
    60_000,
  );
});
