import { CostMeter } from "../core/cost.js";
import { throwIfInterrupted, UsageError } from "../core/errors.js";
import { Random } from "../core/random.js";
import { StageStore } from "../core/stages.js";
import { parseModelSpec } from "../llm/spec.js";
import type { ListStage, StagedList } from "../methods/dlcrec/dlcrec.js";
import type { DlcrecOptions } from "../methods/dlcrec/options.js";
import type { Recommender, RunContext } from "../recommenders/recommender.js";
import type { PreparedTask, TaskId } from "../tasks/task.js";
import { inRunFolder } from "./run.js";
import type { RunFolder } from "./run-folder.js";
import { RunModel } from "./run-model.js";
import { layOutRun, type TaskRequest } from "./run-task.js";

/** Where the answers of a step lie. */
export interface StageFiles {
  readonly recommender: string;
  readonly seed: number;
  /** A file for each block of cases that was asked at once, in their order. */
  readonly files: readonly string[];
}

export interface ListStageResult {
  readonly folder: RunFolder;
  readonly stage: ListStage;
  readonly answers: readonly StageFiles[];
}

/**
 * Runs DLCRec and its arms over the test cases up to a step, and stops there. Everything lies in the folder of the whole run, which goes on from
 * there later. Whoever does not take the step is left out.
 * @throws UsageError NO_STAGE where nobody takes it; TUNED_STAGE where options are still to be searched.
 */
export async function runListStage(request: TaskRequest, stage: ListStage): Promise<ListStageResult> {
  if (request.config.tune !== undefined) {
    throw new UsageError("TUNED_STAGE", "--stage stops before there is anything to choose options by", {
      hint: "Leave out --stage or --tune.",
    });
  }
  const run = await layOutRun({ ...request, task: "controlled-list" });
  const prepared = run.prepared as unknown as PreparedTask<"controlled-list">;
  const staged = run.recommenders.filter(
    (one): one is Recommender<TaskId> & StagedList => isStaged(one) && one.steps.includes(stage),
  );
  if (staged.length === 0) {
    throw new UsageError("NO_STAGE", `nobody of this run has the stage ${stage}`, {
      hint: "Name who has: --recommenders dlcrec (docs/dlcrec.md).",
    });
  }
  const { folder, config, offline, server, progress, signal } = run;
  const spec = parseModelSpec(config.llm);
  const answers = await inRunFolder(run, async (_manifest, options) => {
    const model = new RunModel({ spec, folder, offline, progress, signal, ...(server && { server }) });
    const found: StageFiles[] = [];
    try {
      for (const one of staged) {
        for (const seed of one.seeded ? config.seeds : config.seeds.slice(0, 1)) {
          throwIfInterrupted(signal);
          const { id } = one;
          const cost = new CostMeter();
          const context: RunContext = {
            ...{ seed, cost, progress, signal },
            random: Random.fromSeed(seed).fork(id),
            stages: new StageStore(folder.stages, request.external, id, cost),
            llm: () => model.open(id),
          };
          const files = new Set<string>();
          const last = { stage, told: (path: string) => files.add(path) };
          const fitted = await one.fitUpTo(last, prepared.training, options[id] as DlcrecOptions, context);
          // The task asks block by block, as it will in the whole run.
          await prepared.evaluate((cases) => fitted.answer(cases, context), { progress, signal, label: id });
          found.push({ recommender: id, seed, files: [...files] });
        }
      }
    } finally {
      await model.close();
    }
    return found;
  });
  return { folder, stage, answers };
}

function isStaged(one: object): one is StagedList {
  return "steps" in one && "fitUpTo" in one;
}
