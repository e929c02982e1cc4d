import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { codeVersion } from "../core/code-version.js";
import { CostMeter } from "../core/cost.js";
import { UsageError } from "../core/errors.js";
import { suggestName } from "../core/names.js";
import type { Progress } from "../core/progress.js";
import { Random } from "../core/random.js";
import { StageStore } from "../core/stages.js";
import { itemLine } from "../data/dataset.js";
import type { ServerSettings } from "../llm/open.js";
import { parseModelSpec } from "../llm/spec.js";
import type { Fitted, Recommender, RunContext } from "../recommenders/recommender.js";
import { resolveOptions, selectRecommenders } from "../recommenders/registry.js";
import type { CtrRows } from "../tasks/ctr.js";
import { ctrOptions, type CtrProtocol, ctrProtocol } from "../tasks/ctr-protocol.js";
import { defaultCtrSplit } from "../tasks/ctr-task.js";
import { taskOptions } from "../tasks/task.js";
import { chooseSplit } from "./choose-split.js";
import { resolveConfig } from "./config.js";
import { readManifest } from "./manifest.js";
import { ALL_RECOMMENDERS } from "./registry.js";
import { folderAt } from "./run-folder.js";
import { RunModel } from "./run-model.js";
import { loadPlugins } from "./plugins/load.js";
import { openRunDataset } from "./run-task.js";

export interface ExplainRequest {
  /** A finished run of `explainctr`; undefined for the newest in `out`. */
  readonly run: string | undefined;
  readonly out: string;
  /** External ids. */
  readonly user: string;
  readonly item: string;
  /** Rows of the run; undefined for all that explain and are no control. */
  readonly recommenders: readonly string[] | undefined;
  readonly cache: string;
  readonly offline: boolean;
  /** How a server is asked, where the run's model is one. */
  readonly server?: ServerSettings;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** One recommender's answer to a pair. */
export interface ExplainedAnswer {
  readonly recommender: string;
  readonly probability: number;
  readonly explanation: string;
}

/** A pair, what was known of its user before it, and the answers of a run's recommenders. */
export interface ExplainedPair {
  readonly run: string;
  readonly user: string;
  readonly item: string;
  readonly target: string;
  /** Newest first. */
  readonly liked: readonly string[];
  readonly disliked: readonly string[];
  /** What came of it, where the pair is in the data. */
  readonly liking: boolean | null;
  readonly answers: readonly ExplainedAnswer[];
}

/**
 * Predicts and explains one pair with the recommenders of a finished run, by its first seed. What the run has trained is taken from its stages. A pair of
 * the data stands where it stood in the run, after what came before it; any other comes after everything that is known of its user.
 * @throws DataError NOT_A_RUN; UsageError NO_RUN (none there, or one of another command), UNKNOWN_USER, UNKNOWN_ITEM, or NO_EXPLANATION where none of them explains.
 */
export async function explainPair(request: ExplainRequest): Promise<ExplainedPair> {
  const folder = folderAt(request.run === undefined ? await newestRun(request.out) : resolve(request.run));
  const manifest = await readManifest(folder.path, HINT);
  if (manifest.command !== COMMAND) {
    throw new UsageError("NO_RUN", `this is a run of ${manifest.command}, not of ${COMMAND}`, {
      file: folder.path,
      hint: HINT,
    });
  }
  const config = resolveConfig([manifest.config]);
  const { progress, signal, offline, server } = request;
  if (manifest.program.code !== (await codeVersion())) {
    progress.warn(
      "another version of this program made the run: what that changed is trained again, which may take as long as the run took",
    );
  }
  const { datasets } = await loadPlugins(config.plugins ?? []);
  const dataset = await openRunDataset({ ...request, config }, datasets);
  const split = await chooseSplit(dataset, config, defaultCtrSplit(dataset));
  const protocol = ctrProtocol(dataset, split, taskOptions("ctr", ctrOptions, config.task));
  const user = indexOf(dataset.users.keys, request.user, "user");
  const item = indexOf(dataset.items.keys, request.item, "item");
  const { pair, liking } = placed(protocol, user, item);
  const model = new RunModel({ spec: parseModelSpec(config.llm), folder, offline, server, progress, signal });
  const answers: ExplainedAnswer[] = [];
  try {
    for (const recommender of chosenRows(request, config.recommenders)) {
      const [seed] = config.seeds;
      const cost = new CostMeter();
      const context: RunContext = {
        random: Random.fromSeed(seed).fork(recommender.id),
        seed,
        stages: new StageStore(folder.stages, new Map(), recommender.id, cost),
        cost,
        progress,
        signal,
        llm: () => model.open(recommender.id),
      };
      const options = resolveOptions(recommender, config.options[recommender.id]);
      const fitted: Fitted<"ctr"> = await recommender.fit(protocol.training, options, context);
      if (fitted.explain === undefined) continue;
      const [explanation] = await fitted.explain([pair], context);
      const [probability] = await fitted.answer([pair], context);
      answers.push({ recommender: recommender.id, probability, explanation });
    }
  } finally {
    await model.close();
  }
  if (answers.length === 0) {
    throw new UsageError("NO_EXPLANATION", `nobody in the run explains: ${config.recommenders.join(", ")}`, {
      file: folder.path,
      hint: "Run llmrec explainctr with expctr-llm or another row that explains (docs/explainctr.md).",
    });
  }
  const named = (items: Int32Array) => Array.from(items, (one) => itemLine(dataset.items, one));
  return {
    run: folder.path,
    user: request.user,
    item: request.item,
    target: itemLine(dataset.items, item),
    liked: named(pair.liked),
    disliked: named(pair.disliked),
    liking,
    answers,
  };
}

/** A pair with the history that it had in the run, so that a known pair is never among what explains it. */
function placed({ training, test, caseOf, knownBefore }: CtrProtocol, user: number, item: number) {
  const newestIn = ({ users, items }: CtrRows) =>
    users.findLastIndex((one, n) => one === user && items[n] === item);
  const asked = newestIn(test);
  if (asked >= 0) return { pair: caseOf(asked), liking: test.labels[asked] === 1 };
  for (const rows of [training.validation, training.rows]) {
    const n = newestIn(rows);
    if (n < 0) continue;
    const time = rows.times[n];
    return {
      pair: { user, item, time, ...training.historyBefore(user, time) },
      liking: rows.labels[n] === 1,
    };
  }
  return { pair: { user, item, time: Infinity, ...knownBefore(user, Infinity) }, liking: null };
}

/** The rows that were asked for, or those of the run that may explain: named language-model rows. */
function chosenRows(
  { recommenders }: Pick<ExplainRequest, "recommenders">,
  ofRun: readonly string[],
): Recommender<"ctr">[] {
  if (recommenders !== undefined) return selectRecommenders("ctr", recommenders, ALL_RECOMMENDERS);
  return selectRecommenders("ctr", ofRun, ALL_RECOMMENDERS).filter(({ kind }) => kind === "llm");
}

function indexOf(keys: readonly string[], key: string, what: "user" | "item"): number {
  const index = keys.indexOf(key);
  if (index >= 0) return index;
  throw new UsageError(
    what === "user" ? "UNKNOWN_USER" : "UNKNOWN_ITEM",
    `there is no ${what} "${key}" in the run's data`,
    { hint: suggestName(key, keys.slice(0, 5)) },
  );
}

const COMMAND = "explainctr";
const HINT =
  "Make one: llmrec explainctr --recommenders expctr-llm-untrained,expctr-llm; then give its folder by --run.";

/** The run of the command whose manifest was written last. */
async function newestRun(out: string): Promise<string> {
  const names = existsSync(out) ? (await readdir(out)).filter((name) => name.startsWith(`${COMMAND}-`)) : [];
  const times = await Promise.all(
    names.map(async (name) => ({
      name,
      time: (await stat(join(out, name, "manifest.json")).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  );
  const [newest] = times.filter(({ time }) => time > 0).sort((a, b) => b.time - a.time);
  if ((newest as { name: string } | undefined) !== undefined) return resolve(out, newest.name);
  throw new UsageError("NO_RUN", `there is no run of ${COMMAND}`, { file: out, hint: HINT });
}
