/**
 * Makes the reference results that README and docs show; the other scripts of this folder make the replays and the ablation of DLCRec.
 *
 *     npm run results                       the embedded world
 *     npm run results -- NAME               one result alone
 *     npm run results -- path/to/data       also ml-100k/, citeulike-a/, book-crossing/ and inspired/ of that folder
 *     npm run results -- path/to/data NAME  one result alone
 *
 * Each result is a folder with the scoreboard, its main table, its charts and its manifest: what made it, but for the machine. Seconds differ from machine to machine;
 * everything else is equal from run to run.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { packageRoot, writeJson } from "../src/core/files.js";
import { renderScoreboard } from "../src/report/render.js";
import { type FinishedRun, readRun } from "../src/report/run.js";

const root = packageRoot();
const given = process.argv.slice(2);
const dataRoot = given.length > 0 && existsSync(given[0]) ? resolve(given[0]) : undefined;
const names = dataRoot === undefined ? given : given.slice(1);

/** What ends in minutes on real data, too. */
const QUICK = ["--recommenders", "control,content-knn,item-knn,user-knn,ease,als"];

/** Reindex-Then-Adapt, its parts and what its language model does without it. */
const RTA = [
  ...["rta-zero-shot", "rta-zero-shot-titles", "rta-llm-popularity", "rta-dense", "rta-table", "rta-linear"],
  ...[
    "rta-sum",
    "rta-weighted",
    "rta-transformer",
    "rta-reindex",
    "rta-bias",
    "rta-scale",
    "rta",
    "rta-gate",
  ],
].join(",");

/** The tests are declared in the configuration. */
const CONVERSATION = [
  ...["--recommenders", `all,${RTA}`],
  ...["--config", join(root, "results", "conversation.yaml")],
];

const INSPIRED = ["inspired", "--data", join(dataRoot ?? "", "inspired")];

const CONVERSATION_INSPIRED = [
  ...["rta", "--dataset", ...INSPIRED],
  ...["--recommenders", `all,${RTA},rta-gate-sasrec`],
  ...["--config", join(root, "results", "conversation-inspired.yaml")],
];

const CONVERSATION_CHARTS = /^(bars-(recall|ndcg)-10|popularity-groups|cost-.*)\.(png|svg)$/;

/** What a task owes to the language model's knowledge of directors: the same with the model that was told false facts. */
const TWIN = ["--llm", "embedded-twin"];

/** The embedded model that has learnt how INSPIRED talks, a folder. */
const TALKING_MODEL = "embedded-inspired";

/** One of so many of the training dialogues' pairs is learnt, once: minutes on one core. */
const PAIRS_APART = 4;

const NO_CHARTS = /^$/;

const CONTROL_CHARTS = /^(control-curve|diversity-plane)\.(png|svg)$/;

/** A command on real data, by a configuration of this folder. */
function onData(command: string, config: string, dataset: string): string[] {
  const data = join(dataRoot ?? "", dataset);
  return [command, "--config", join(root, "results", `${config}.yaml`), "--dataset", dataset, "--data", data];
}

const RESULTS: readonly {
  name: string;
  words: readonly string[];
  /** Makes in the folder where the program then works what the words name. */
  prepare?: (folder: string) => Promise<void>;
  /** How the run's folder begins, where the command makes several. */
  run?: string;
  charts?: RegExp;
}[] = [
  { name: "cold-start-world", words: ["bench"], run: "coldllm-" },
  { name: "coldllm-world", words: ["coldllm", "--config", join(root, "results", "coldllm-world.yaml")] },
  {
    name: "coldllm-world-twin",
    words: ["coldllm", "--config", join(root, "results", "coldllm-world-twin.yaml")],
  },
  {
    name: "conversation-world",
    words: ["rta", ...CONVERSATION, "--seeds", "1,2,3"],
    charts: CONVERSATION_CHARTS,
  },
  {
    name: "conversation-world-twin",
    words: ["rta", ...TWIN, "--recommenders", "popularity,rta-linear", "--seeds", "1,2,3"],
    charts: NO_CHARTS,
  },
  {
    name: "controlled-list-world",
    words: ["dlcrec", "--config", join(root, "results", "controlled-list-world.yaml")],
    charts: CONTROL_CHARTS,
  },
  {
    name: "controlled-list-world-twin",
    words: ["dlcrec", "--config", join(root, "results", "controlled-list-world-twin.yaml")],
    charts: NO_CHARTS,
  },
  ...[{ twin: false }, { twin: true }].map(({ twin }) => ({
    name: `zero-shot-world${twin ? "-twin" : ""}`,
    words: [
      ...["explainctr", ...(twin ? TWIN : [])],
      ...["--recommenders", "item-rate,llm-zero-shot", "--set", "options.llm-zero-shot.shown=12"],
      ...["--seeds", "1,2,3"],
    ],
    charts: NO_CHARTS,
  })),
  {
    name: "explainctr-world",
    words: ["explainctr", "--config", join(root, "examples", "explainctr", "world.yaml"), "--seeds", "1,2,3"],
    charts: /^(ppo-health|cost-.*)\.(png|svg)$/,
  },
  {
    name: "explainctr-reward-world",
    words: ["explainctr", "--config", join(root, "results", "explainctr-reward-world.yaml")],
    charts: /^ppo-health\.(png|svg)$/,
  },
  {
    name: "controlled-list-classic-world",
    words: ["dlcrec", "--config", join(root, "results", "controlled-list-classic-world.yaml")],
    // So many lines that nothing can be told apart.
    charts: NO_CHARTS,
  },
  ...(dataRoot === undefined
    ? []
    : [
        { name: "coldllm-ml-100k", words: onData("coldllm", "coldllm-ml-100k", "ml-100k") },
        ...[
          { dataset: "ml-100k", split: "global-time", filter: "{ after: 890000000 }" },
          { dataset: "book-crossing", split: "ratio", filter: "{ minPerUser: 10, minPerItem: 10 }" },
        ].map(({ dataset, split, filter }) => ({
          name: `explainctr-${dataset}`,
          words: [
            ...onData("explainctr", "explainctr-films-and-books", dataset),
            ...[
              "--set",
              `filter=${filter}`,
              "--set",
              `split={ name: ${split}, validation: 0.04, test: 0.1 }`,
            ],
          ],
          charts: /^(ppo-health|cost-.*)\.(png|svg)$/,
        })),
        {
          name: "conversation-inspired",
          words: CONVERSATION_INSPIRED,
          charts: CONVERSATION_CHARTS,
        },
        {
          name: "conversation-inspired-adapted",
          words: [...CONVERSATION_INSPIRED, "--llm", `dir:${TALKING_MODEL}`],
          prepare: learnToTalk,
          charts: CONVERSATION_CHARTS,
        },
      ]),
  ...(dataRoot === undefined
    ? []
    : ["ml-100k", "citeulike-a"].map((dataset) => ({
        name: `cold-start-${dataset}`,
        words: ["coldllm", "--dataset", dataset, "--data", join(dataRoot, dataset), ...QUICK],
      }))),
];

const unknown = names.filter((name) => RESULTS.every((one) => one.name !== name));
if (unknown.length > 0)
  throw new Error(`no result ${unknown.join(", ")}: ${RESULTS.map(({ name }) => name).join(", ")}`);

const chosen = RESULTS.filter((one) => names.length === 0 || names.includes(one.name));
for (const { name, words, prepare, run = "", charts = /^(bars|cost|funnel).*\.(png|svg)$/ } of chosen) {
  const work = await mkdtemp(join(tmpdir(), "llmrec-results-"));
  const out = join(work, "runs");
  await prepare?.(work);
  llmrec([...words, "--out", out], work);
  const id = (await readdir(out)).find((folder) => folder.startsWith(run));
  if (id === undefined) throw new Error(`llmrec ${words.join(" ")} left no run`);
  const { scoreboard, cost, manifest } = await readRun(join(out, id));
  const folder = join(root, "results", name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await writeJson(join(folder, "manifest.json"), publicManifest(manifest));
  const pictures = (await readdir(join(out, id))).filter((file) => charts.test(file));
  for (const file of ["scoreboard.json", ...pictures])
    await copyFile(join(out, id, file), join(folder, file));
  const table = await renderScoreboard(scoreboard, cost, "md", { columns: "main" });
  await writeFile(join(folder, "table.md"), table);
  await showIn(join(root, "README.md"), name, table);
  await rm(work, { recursive: true });
}

/** Runs the program in a folder, so that what it names there is named alike on every machine. */
function llmrec(words: readonly string[], folder: string): void {
  const program = [join(root, "bin", "run.js"), ...words];
  const { status } = spawnSync(process.execPath, program, {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`llmrec ${words.join(" ")} ended with ${String(status)}`);
}

/** Makes {@link TALKING_MODEL} of what is said in INSPIRED's training dialogues. */
async function learnToTalk(folder: string): Promise<void> {
  const [talk, some] = ["talk.jsonl", "some-talk.jsonl"];
  llmrec(["rta", "samples", ...INSPIRED, "--to", talk], folder);
  const pairs = (await readFile(join(folder, talk), "utf8")).trimEnd().split("\n");
  const thinned = pairs.filter((_, n) => n % PAIRS_APART === 0);
  await writeFile(join(folder, some), thinned.map((pair) => `${pair}\n`).join(""));
  llmrec(["models", "finetune", "--file", some, "--epochs", "1", "--out", "talk-adapter"], folder);
  llmrec(["models", "export", "--adapter", "talk-adapter", "--out", TALKING_MODEL], folder);
}

/** Without what belongs to one machine and one day. */
function publicManifest(manifest: FinishedRun["manifest"]) {
  const { schemaVersion, command, config, recommenders, data, split, program } = manifest;
  return {
    ...{ schemaVersion, command, config: { ...(config as object), data: undefined } },
    ...{ recommenders, data, split, program },
  };
}

/** Replaces the text between `<!-- NAME -->` and `<!-- end -->`, where the file has such a place. */
async function showIn(file: string, name: string, table: string): Promise<void> {
  const text = await readFile(file, "utf8");
  const place = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
  await writeFile(
    file,
    text.replace(place, (_all, from: string, to: string) => `${from}\n${table.trim()}\n\n${to}`),
  );
}
