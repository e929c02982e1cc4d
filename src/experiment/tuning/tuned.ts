import type { z } from "zod";
import { codeVersion } from "../../core/code-version.js";
import { LlmrecError, throwIfInterrupted } from "../../core/errors.js";
import { Random } from "../../core/random.js";
import { jsonArtifact } from "../../core/stages.js";
import { objectiveOf } from "../../recommenders/objective.js";
import type { Recommender, RunContext } from "../../recommenders/recommender.js";
import type { TaskId, TrainingData } from "../../tasks/task.js";
import { drawFrom, type Space, spaceOf, withOptions } from "./space.js";

/** One set of options and how it did. */
export interface Trial {
  readonly options: unknown;
  /** On validation, higher is better; null where fitting failed. */
  readonly metric: number | null;
  readonly error?: string;
}

/** What the search of a recommender found, as the run folder keeps it. */
export interface Tuning {
  readonly objective: string;
  readonly space: Space;
  /** The first has the options as they were given. */
  readonly trials: readonly Trial[];
  /** Place of the best in `trials`; the first of equal ones. */
  readonly best: number;
}

export interface TuneOptions {
  /** How many sets of options are tried, the given ones included. */
  readonly trials: number;
  /** All trials are fitted with this seed, whatever the seeds of the run: the options are chosen once. */
  readonly seed: number;
  /** What the user set for it: that is not searched. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly plugins: Readonly<Record<string, string>>;
  /** Told once a search is over. */
  found(id: string, tuning: Tuning): Promise<void>;
}

/**
 * A recommender whose options are chosen by random search (Bergstra and Bengio, JMLR 2012) before it is fitted: the given ones
 * first, then draws from their space, judged on the validation part alone. Each trial is a stage, so a stopped search goes on
 * where it was, and all of it is charged to the recommender's fitting.
 */
export function tuned<T extends TaskId>(recommender: Recommender<T>, tune: TuneOptions): Recommender<T> {
  const { id, task, options: schema, kind } = recommender;
  if (kind === "control") return recommender;
  return {
    ...recommender,
    async fit(train, options, context) {
      const space = spaceOf(recommender, tune.given);
      if (Object.keys(space).length === 0) {
        context.progress.warn(
          `${id}: nothing to tune: it has no options but those that are set, lists that it searches itself, and those of effort`,
        );
        return recommender.fit(train, options, context);
      }
      const objective = objectiveOf(task, train);
      if (objective === undefined) {
        context.progress.warn(`${id}: nothing to tune by: the split has no validation part`);
        return recommender.fit(train, options, context);
      }
      const random = Random.fromSeed("tuning").fork(id);
      const trials: Trial[] = [];
      const step = context.progress.start(`${id}: trials`, tune.trials);
      for (let n = 0; n < tune.trials; n++) {
        throwIfInterrupted(context.signal);
        const drawn = n === 0 ? options : drawNew(schema, options, space, random, trials);
        if (drawn === undefined) break;
        trials.push(await runTrial(recommender, drawn, train, context, tune));
        step.update(n + 1);
      }
      step.end();
      const best = bestOf(trials);
      await tune.found(id, { objective: objective.name, space, trials, best });
      context.progress.note(
        `${id}: ${best === 0 ? "the given options have" : `trial ${best + 1} of ${trials.length} has`} the best ` +
          `${objective.name}, ${trials[best].metric?.toFixed(4) ?? "none"}`,
      );
      return recommender.fit(train, trials[best].options, context);
    },
  };
}

/**
 * Options that the schema accepts (heads that divide a width) and that no trial has had; undefined where a small space has no
 * more of them.
 */
function drawNew(
  schema: z.ZodType,
  given: unknown,
  space: Space,
  random: Random,
  trials: readonly Trial[],
): unknown {
  const known = new Set(trials.map(({ options }) => JSON.stringify(options)));
  for (let attempt = 0; attempt < 100; attempt++) {
    const parsed = schema.safeParse(withOptions(given, drawFrom(space, random)));
    if (parsed.success && !known.has(JSON.stringify(parsed.data))) return parsed.data;
  }
  return undefined;
}

/** The place of the best trial, the first of equal ones; 0 where all failed. */
export function bestOf(trials: readonly Trial[]): number {
  return trials.reduce(
    (best, { metric }, at) => (metric !== null && metric > (trials[best].metric ?? -Infinity) ? at : best),
    0,
  );
}

async function runTrial<T extends TaskId>(
  recommender: Recommender<T>,
  options: unknown,
  train: TrainingData<T>,
  context: RunContext,
  { seed, plugins }: TuneOptions,
): Promise<Trial> {
  const { id, task } = recommender;
  const { value } = await context.stages.run({
    name: "trial",
    version: 1,
    inputs: { recommender: id, options, seed, train: train.hash, code: await codeVersion(), plugins },
    format: jsonArtifact("trial.json", (found) => found as Trial),
    async compute(): Promise<Trial> {
      try {
        const own = { ...context, seed, random: Random.fromSeed(seed).fork(id) };
        const fitted = await recommender.fit(train, options, own);
        const metric = await objectiveOf(task, train)?.of(fitted, own);
        return { options, metric: metric !== undefined && Number.isFinite(metric) ? metric : null };
      } catch (error) {
        // Options that do not work are a failed trial; a stop, bad data or a lost server is none.
        const kind = error instanceof LlmrecError ? error.kind : "unexpected";
        if (context.signal.aborted || !["usage", "unexpected"].includes(kind)) throw error;
        return { options, metric: null, error: error instanceof Error ? error.message : String(error) };
      }
    },
  });
  return value;
}
