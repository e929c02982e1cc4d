import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { codeVersion } from "../core/code-version.js";
import { CostMeter, meanCost, type Cost } from "../core/cost.js";
import { throwIfInterrupted } from "../core/errors.js";
import { writeAtomicallyBy, writeJson } from "../core/files.js";
import { writeParquet } from "../core/parquet.js";
import { lockFolder } from "../core/lock.js";
import type { Progress } from "../core/progress.js";
import { Random } from "../core/random.js";
import { jsonArtifact, StageStore } from "../core/stages.js";
import type { Dataset } from "../data/dataset.js";
import { partSizes, type Split } from "../data/split.js";
import { writeSplit } from "../data/splits/file.js";
import { hashDataset } from "../data/splits/hash.js";
import { metricColumn } from "../metrics/registry.js";
import type { Fitted, Recommender, RunContext } from "../recommenders/recommender.js";
import { resolveOptions } from "../recommenders/registry.js";
import type { Evaluation } from "../tasks/evaluation.js";
import { parseModelSpec } from "../llm/spec.js";
import type { PreparedTask, TaskId } from "../tasks/task.js";
import { aggregateSeeds, type SeedResult } from "./aggregate.js";
import type { RunConfig } from "./config.js";
import { evaluationFormat } from "./evaluation-file.js";
import { describeHost, describeProgram, type Manifest } from "./manifest.js";
import { makeComparisons, planComparisons } from "./comparisons.js";
import { openRunFolder, type RunFolder } from "./run-folder.js";
import { RunModel } from "./run-model.js";
import type { ServerSettings } from "../llm/open.js";
import { SampleCollector } from "./samples.js";
import type { CostSheet, Scoreboard, ScoreRow } from "./scoreboard.js";

/** Everything a run needs, made by the command. */
export interface RunRequest<T extends TaskId> {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly config: RunConfig;
  readonly folder: RunFolder;
  readonly fresh: boolean;
  readonly task: T;
  readonly dataset: Dataset;
  readonly split: Split;
  readonly prepared: PreparedTask<T>;
  readonly recommenders: readonly Recommender<T>[];
  /** `--from`: artifacts given from outside, by `STAGE` or `RECOMMENDER.STAGE`. */
  readonly external: ReadonlyMap<string, string>;
  /** Hash of each plugin's source by its name. */
  readonly plugins: Readonly<Record<string, string>>;
  readonly offline: boolean;
  readonly server?: ServerSettings;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface RunResult {
  readonly folder: RunFolder;
  readonly scoreboard: Scoreboard;
  readonly cost: CostSheet;
  readonly seconds: number;
}

/** Raised when the meaning of the files in a run folder changes. */
const EVALUATION_VERSION = 2;
/** Milliseconds that a run waits for the process of a killed one to notice. */
const PATIENCE = 15_000;

/**
 * Runs every recommender on a prepared task and writes the run folder: manifest, split, per-case values and answers,
 * scoreboard and cost. What is already there from an earlier run of the same configuration and code is not run again.
 */
export async function runRecommenders<T extends TaskId>(request: RunRequest<T>): Promise<RunResult> {
  const { folder, progress } = request;
  const release = await lockFolder(folder.path, {
    patience: PATIENCE,
    onWait: () => {
      progress.note(`waiting for another process that works in ${folder.path}`);
    },
  });
  try {
    return await runReserved(request);
  } finally {
    await release();
  }
}

async function runReserved<T extends TaskId>(request: RunRequest<T>): Promise<RunResult> {
  const { folder, config, recommenders, offline, server, progress, signal } = request;
  const began = performance.now();
  const spec = parseModelSpec(config.llm);
  const model = new RunModel({ spec, folder, offline, progress, signal, ...(server && { server }) });
  const options = Object.fromEntries(
    recommenders.map((recommender) => [
      recommender.id,
      resolveOptions(recommender, config.options[recommender.id]),
    ]),
  );
  await openRunFolder(folder, request.fresh);
  const manifest = await describeRun(request, options);
  await writeJson(folder.manifest, manifest);
  await writeSplit(folder.split, request.dataset, request.split);

  const { clusters } = request.prepared;
  if (clusters !== undefined) await writeParquet(folder.clusters, { cluster: clusters });
  const planned =
    config.comparisons === undefined
      ? []
      : planComparisons(config.comparisons, recommenders, request.prepared.mainMetrics);
  const involved = new Set(planned.flatMap(({ recommender, to }) => [recommender, to]));
  const measured = new Map<string, readonly Evaluation[]>();
  const samples = new SampleCollector(request.prepared, request.dataset.items);
  const rows: ScoreRow[] = [];
  const cost: Record<string, Cost> = {};
  try {
    for (const recommender of recommenders) {
      const results: SeedResult[] = [];
      const costs: Cost[] = [];
      for (const seed of recommender.seeded ? config.seeds : config.seeds.slice(0, 1)) {
        throwIfInterrupted(signal);
        const meter = new CostMeter();
        results.push(await runOnce(request, recommender, options[recommender.id], seed, meter, model));
        costs.push(meter.total);
      }
      samples.add(recommender.id, results[0].evaluation);
      if (involved.has(recommender.id)) {
        measured.set(
          recommender.id,
          results.map(({ evaluation }) => evaluation),
        );
      }
      rows.push({
        recommender: recommender.id,
        kind: recommender.kind,
        metrics: aggregateSeeds(results, request.prepared),
      });
      cost[recommender.id] = meanCost(costs);
    }
  } finally {
    await model.close();
  }

  const scoreboard: Scoreboard = {
    schemaVersion: 1,
    task: request.task,
    dataset: request.dataset.name,
    dataHash: manifest.data.hash,
    splitHash: request.split.hash,
    split: request.split.description,
    seeds: config.seeds,
    columns: columnsOf(rows, request.prepared.mainMetrics),
    rows,
    ...(planned.length === 0
      ? {}
      : { comparisons: await makeComparisons(planned, measured, request.prepared) }),
    notes: [
      ...request.prepared.notes,
      ...new Set(recommenders.flatMap(({ note }) => note ?? [])),
      ...request.dataset.notes,
      ...(await model.notes()),
    ],
  };
  await writeJson(folder.scoreboard, scoreboard);
  await writeJson(folder.cost, cost);
  await writeJson(folder.samples, samples.finish());
  const seconds = (performance.now() - began) / 1000;
  await writeJson(folder.manifest, {
    ...manifest,
    status: "finished",
    finishedAt: new Date().toISOString(),
    seconds,
    warnings: progress.warnings,
  } satisfies Manifest);
  return { folder, scoreboard, cost, seconds };
}

/** Where a run keeps a recommender's cases. @param seed - null for recommenders that no seed changes. */
export function casesFile(
  folder: Pick<RunFolder, "cases">,
  recommender: string,
  seed: number | null,
): string {
  return join(folder.cases, seed === null ? `${recommender}.parquet` : `${recommender}-seed${seed}.parquet`);
}

async function runOnce<T extends TaskId>(
  request: RunRequest<T>,
  recommender: Recommender<T>,
  options: unknown,
  seed: number,
  meter: CostMeter,
  model: RunModel,
): Promise<SeedResult> {
  const { prepared, folder, dataset, progress, signal } = request;
  const { id, kind, seeded } = recommender;
  const stages = new StageStore(folder.stages, request.external, id, meter);
  const label = seeded && request.config.seeds.length > 1 ? `${id} (seed ${seed})` : id;
  const context: RunContext = {
    random: Random.fromSeed(seed).fork(id),
    seed,
    stages,
    cost: meter,
    progress,
    signal,
    llm: () => model.open(id),
    truth: kind === "control" ? dataset.truth : undefined,
  };
  const external = [...request.external].filter(
    ([name]) =>
      !name.includes(".") || [id, ...(recommender.members ?? [])].some((own) => name.startsWith(`${own}.`)),
  );
  let fitted: Fitted<T> | undefined;
  const fit = async () => {
    if (fitted === undefined) {
      const fitting = progress.start(`${label}: fitting`);
      fitted = await meter.time("fit", () => recommender.fit(prepared.training, options, context));
      fitting.end();
    }
    return fitted;
  };
  const {
    value: evaluation,
    path,
    key,
  } = await stages.run({
    name: "cases",
    version: EVALUATION_VERSION,
    inputs: {
      recommender: id,
      options,
      seed: seeded ? seed : null,
      data: hashDataset(dataset),
      split: request.split.hash,
      ks: request.config.ks,
      task: request.config.task,
      llm: kind === "llm" ? request.config.llm : null,
      code: await codeVersion(),
      ...(Object.keys(request.plugins).length === 0 ? {} : { plugins: request.plugins }),
      ...(request.config.tune === undefined ? {} : { tune: request.config.tune }),
      external,
    },
    format: evaluationFormat(dataset.items.keys),
    compute: async () => {
      const own = await fit();
      const answer: Parameters<typeof prepared.evaluate>[0] = (cases) =>
        meter.time("answer", () => own.answer(cases, context));
      return prepared.evaluate(answer, { progress, signal, label });
    },
  });
  const diagnostics =
    (prepared.diagnose === undefined && prepared.cases === undefined) || stages.isGiven("cases")
      ? {}
      : await diagnose(prepared, fit, context, key);
  const visible = casesFile(folder, id, seeded ? seed : null);
  await writeAtomicallyBy(visible, (temporary) => copyFile(path, temporary));
  return { evaluation, pooled: { ...prepared.pooled(evaluation), ...diagnostics } };
}

/**
 * What the task finds about pairs that were made up, and what a recommender finds about its own answers; kept so that a resumed run need not
 * fit again.
 */
async function diagnose<T extends TaskId>(
  prepared: PreparedTask<T>,
  fit: () => Promise<Fitted<T>>,
  context: RunContext,
  cases: string,
): Promise<Record<string, number>> {
  const { value } = await context.stages.run({
    name: "diagnostics",
    version: 1,
    inputs: { cases },
    format: jsonArtifact("diagnostics.json", (found) => found as Record<string, number>),
    async compute() {
      const fitted = await fit();
      return {
        ...prepared.diagnose?.(fitted.simulated ?? []),
        ...(prepared.cases && (await fitted.figures?.(prepared.cases(), context))),
      };
    },
  });
  return value;
}

function columnsOf(rows: readonly ScoreRow[], main: readonly string[]): Scoreboard["columns"] {
  const names = new Set([...main, ...rows.flatMap((row) => Object.keys(row.metrics))]);
  return Array.from(names, (name) => metricColumn(name, main.includes(name)));
}

async function describeRun<T extends TaskId>(
  request: RunRequest<T>,
  options: Readonly<Record<string, unknown>>,
): Promise<Manifest> {
  const { dataset, split, config } = request;
  return {
    schemaVersion: 1,
    status: "running",
    command: request.command,
    arguments: request.arguments,
    config,
    recommenders: options,
    data: {
      name: dataset.name,
      hash: hashDataset(dataset),
      users: dataset.users.keys.length,
      items: dataset.items.keys.length,
      interactions: dataset.interactions.users.length,
      history: dataset.history,
    },
    split: {
      description: split.description,
      hash: split.hash,
      interactions: partSizes(split),
    },
    program: await describeProgram(),
    plugins: request.plugins,
    host: describeHost(),
    startedAt: new Date().toISOString(),
    finishedAt: null,
    seconds: null,
    warnings: [],
  };
}
