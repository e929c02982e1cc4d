import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import { worldDataset } from "../../src/data/world/world.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { ctrOptions, ctrProtocol } from "../../src/tasks/ctr-protocol.js";
import { resolveConfig } from "../../src/experiment/config.js";
import { evaluationFormat } from "../../src/experiment/evaluation-file.js";
import { explainPair } from "../../src/experiment/explain-pair.js";
import { casesFile, type RunResult } from "../../src/experiment/run.js";
import type { SampleBook } from "../../src/experiment/samples.js";
import { runTask } from "../../src/experiment/run-task.js";
import { renderExplainedPair } from "../../src/report/explained-pair.js";
import { failureOf } from "../data/readers/files.js";
import { GOLDENS, temporaryFolder, writeTinyModel } from "../llm/tiny-models.js";

const size = { users: 12, films: 85, interactions: 220, dialogues: 0 };
let root: string;
let run: RunResult;
const signal = new AbortController().signal;

beforeAll(async () => {
  root = await temporaryFolder();
  process.env.LLMREC_CACHE_DIR = join(root, "cache");
  const model = { ...GOLDENS.models["llama-tied-grouped"].config, max_position_embeddings: 512 };
  await writeTinyModel(join(root, "tiny"), model);
  const config = resolveConfig([
    {
      world: { size },
      recommenders: ["ctr-rate", "expctr-llm-untrained", "expctr-llm-untrained-second"],
      llm: `dir:${join(root, "tiny")}`,
      options: Object.fromEntries(
        ["expctr-llm-untrained", "expctr-llm-untrained-second"].map((id) => [
          id,
          { shown: 1, maxNewTokens: 3, backbone: "fm", training: { epochs: 1 }, explained: 40 },
        ]),
      ),
    },
  ]);
  run = await runTask({
    ...{ task: "ctr", command: "explainctr", arguments: [], config, external: new Map(), fresh: false },
    ...{ out: join(root, "runs"), cache: root, offline: true, progress: silentProgress(), signal },
  });
}, 240_000);
afterAll(() => rm(root, { recursive: true, force: true }));

const request = (user: string, item: string, changes: { run?: string; out?: string } = {}) => ({
  ...{ run: undefined, out: join(root, "runs"), user, item, recommenders: undefined, cache: root },
  ...{ offline: true, progress: silentProgress(), signal },
  ...changes,
});

interface Line {
  readonly user: string;
  readonly item: string;
  readonly explanation: string;
}

describe("a run with explanations", () => {
  it("has figures of its explanations in the scoreboard", () => {
    const row = run.scoreboard.rows.find(({ recommender }) => recommender === "expctr-llm-untrained")!;
    for (const name of ["explanation-words", "distinct@1", "states-verdict", "id-agreement", "swap-change"])
      expect(row.metrics, name).toHaveProperty([name]);
    expect(run.scoreboard.rows[0].metrics).not.toHaveProperty(["id-agreement"]);
  });
});

describe("what the run's pairs were answered by", () => {
  it("stays with their answers, and with the samples under its writer's name", async () => {
    const id = "expctr-llm-untrained";
    const { cases, explanations } = await evaluationFormat([]).read(casesFile(run.folder, id, null));
    expect(explanations?.length).toBe(cases.length);
    const book = JSON.parse(await readFile(run.folder.samples, "utf8")) as SampleBook;
    for (const { name, answers } of book.cases) {
      const text = explanations![cases.indexOf(name)];
      expect(answers[id].explanation).toEqual({ by: "of the untrained model", text });
      expect(answers[`${id}-second`].explanation).toEqual({ by: "of the untrained model", text });
      expect(answers["ctr-rate"]).not.toHaveProperty("explanation");
    }
  });
});

describe("a pair", () => {
  it("is predicted and explained as it was in the run", async () => {
    const stages = await readdir(run.folder.stages);
    const files = stages.filter((name) => name.startsWith("explanations-"));
    const texts = await Promise.all(
      files.map((name) => readFile(join(run.folder.stages, name, "explanations.jsonl"), "utf8")),
    );
    // A pair may have been explained once more without the item that its explanation cites.
    const lines = texts.flatMap((text) => text.trimEnd().split("\n")).map((line) => JSON.parse(line) as Line);
    const data = worldDataset({ size });
    const { test } = ctrProtocol(data, makeSplit(data, "global-time"), ctrOptions.parse({}));
    const [user, item] = [data.users.keys[test.users[0]], data.items.keys[test.items[0]]];
    const written = lines.filter((line) => line.user === user && line.item === item);
    const pair = await explainPair(request(user, item));
    expect(pair.answers.map(({ recommender }) => recommender)).toEqual([
      "expctr-llm-untrained",
      "expctr-llm-untrained-second",
    ]);
    expect(written.map(({ explanation }) => explanation)).toContain(pair.answers[0].explanation);
    for (const { probability } of pair.answers) expect(probability > 0 && probability < 1).toBe(true);
    expect(pair.liking).toBe(test.labels[0] === 1);
    const text = renderExplainedPair(pair);
    expect(text).toContain(`user ${user}, item ${item}: "`);
    expect(text).toContain("expctr-llm-untrained: ");
  }, 120_000);

  it("that nobody has seen comes after all that is known", async () => {
    const { users, items, interactions } = worldDataset({ size });
    const seen = new Set(interactions.items.filter((_, n) => interactions.users[n] === 0));
    const item = items.keys.findIndex((_, n) => !seen.has(n));
    const pair = await explainPair(request(users.keys[0], items.keys[item], { run: run.folder.path }));
    expect(pair.liking).toBeNull();
    expect(pair.answers.length).toBe(2);
    expect(renderExplainedPair(pair)).not.toContain("what came of it");
  }, 120_000);

  it("of a user without any history is predicted and explained from nothing", async () => {
    const data = worldDataset({ size });
    const { training } = ctrProtocol(data, makeSplit(data, "global-time"), ctrOptions.parse({}));
    const { users, items, times } = training.rows;
    // The first pair of all: nothing came before it.
    const first = users.findIndex((_, n) => times[n] === Math.min(...times));
    const { liked, disliked } = training.historyBefore(users[first], times[first]);
    expect([...liked, ...disliked]).toEqual([]);
    const [user, item] = [data.users.keys[users[first]], data.items.keys[items[first]]];
    const pair = await explainPair(request(user, item, { run: run.folder.path }));
    expect([...pair.liked, ...pair.disliked]).toEqual([]);
    expect(pair.answers.length).toBe(2);
    for (const { probability, explanation } of pair.answers) {
      expect(probability > 0 && probability < 1).toBe(true);
      expect(typeof explanation).toBe("string");
    }
    const text = renderExplainedPair(pair);
    expect(text).not.toMatch(/undefined|NaN|null/);
  }, 120_000);

  it("of the training part is explained by what came before it, itself not among that", async () => {
    const data = worldDataset({ size });
    const { training } = ctrProtocol(data, makeSplit(data, "global-time"), ctrOptions.parse({}));
    const last = training.rows.users.length - 1;
    const [user, item] = [training.rows.users[last], training.rows.items[last]];
    const pair = await explainPair(
      request(data.users.keys[user], data.items.keys[item], { run: run.folder.path }),
    );
    expect(pair.liking).toBe(training.rows.labels[last] === 1);
    expect([...pair.liked, ...pair.disliked].length).toBeGreaterThan(0);
    expect([...pair.liked, ...pair.disliked]).not.toContain(pair.target);
  }, 120_000);

  it("of a run by another version of the program comes with a warning", async () => {
    const manifest = join(run.folder.path, "manifest.json");
    const text = await readFile(manifest, "utf8");
    const progress = silentProgress();
    const asked = { ...request("u00001", "f00001", { run: run.folder.path }), progress };
    await explainPair(asked);
    expect(progress.warnings.join()).not.toContain("another version");
    await writeFile(manifest, text.replace(/"code": "[0-9a-f]+"/, '"code": "0"'));
    await explainPair(asked);
    expect(progress.warnings).toContainEqual(expect.stringContaining("another version of this program"));
    await writeFile(manifest, text);
  }, 120_000);

  it("of nobody, or of no run, is refused", async () => {
    expect(await failureOf(explainPair(request("nobody", "f0001")))).toMatchObject({
      exit: 2,
      code: "UNKNOWN_USER",
    });
    expect(await failureOf(explainPair(request("u00001", "nothing")))).toMatchObject({
      code: "UNKNOWN_ITEM",
    });
    const empty = join(root, "empty");
    expect(await failureOf(explainPair(request("u00001", "x", { out: empty })))).toMatchObject({
      code: "NO_RUN",
    });
    await mkdir(join(empty, "other"), { recursive: true });
    await writeFile(join(empty, "other", "manifest.json"), JSON.stringify({ command: "coldllm" }));
    expect(await failureOf(explainPair(request("u00001", "x", { run: join(empty, "other") })))).toMatchObject(
      {
        exit: 2,
        code: "NO_RUN",
      },
    );
  });
});
