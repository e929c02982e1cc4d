import { UsageError } from "../../core/errors.js";
import type { Fitted, Recommender, RecommenderKind, RunContext } from "../../recommenders/recommender.js";
import { poolOf } from "../../recommenders/rerank/pool.js";
import { quotaList } from "../../recommenders/rerank/quota.js";
import { markov } from "../../recommenders/sequential/markov.js";
import type { ScoringFitted } from "../../recommenders/sequential/scorer.js";
import {
  type ControlledListAnswers,
  type ControlledListCase,
  type ControlledListTraining,
  type ListPlan,
  type ListReading,
  wishSize,
  withPlans,
} from "../../tasks/controlled-list.js";
import { type TunedAdapter, tuneAdapter } from "./adapters.js";
import { type Augmentation, type DlcrecOptions, dlcrecOptions } from "./options.js";
import { type ListQuery, Pipeline } from "./pipeline.js";
import { type ListQuestion, Prompter } from "./prompter.js";
import { readTemplates } from "./templates.js";
import { SUBTASKS, type Subtask } from "./training-pairs.js";

/** How an arm makes its lists. */
export interface ArmPlan {
  /** Who chooses the genres: the language model, the history's commonest, or nobody. */
  readonly genres: "gp" | "commonest" | "none";
  /** Who gives each place its genre. */
  readonly slots: "gf" | "shares" | "none";
  /** The question for the list itself; `quota`: the best list of Markov scores with exactly the plan's genres. */
  readonly list: ListQuestion | "quota";
  /** Options that make the arm what it is. */
  readonly fixed?: Partial<Pick<DlcrecOptions, "gf" | "ip" | "decoding">>;
}

/** The steps of the method, in their order. */
export const LIST_STAGES = ["gp", "gf", "ip"] as const;
export type ListStage = (typeof LIST_STAGES)[number];

/** Where a run is to stop, and who is told in which file the answers of the last step lie. */
export interface StopAfter {
  readonly stage: ListStage;
  readonly told: (path: string) => void;
}

/** A recommender that can be stopped after a step. */
export interface StagedList extends Recommender<"controlled-list", DlcrecOptions> {
  /** The steps that a language model takes in it. */
  readonly steps: readonly ListStage[];
  /** Trains what the steps up to the last one need; its answers are those steps' alone, and its lists are empty. */
  fitUpTo(
    last: StopAfter,
    train: ControlledListTraining,
    options: DlcrecOptions,
    context: RunContext,
  ): Promise<Fitted<"controlled-list">>;
}

/** Adapters by sub-task; none for the model as it is. */
export type Adapters = Partial<Record<Subtask, TunedAdapter>>;

/** A pipeline with the adapters that an arm needs. */
export interface TunedPipeline {
  readonly pipeline: Pipeline;
  readonly adapters: Adapters;
}

/**
 * Trains (or finds) the adapters of some sub-tasks. A sub-task whose answers are given from outside needs none.
 * @throws UsageError of the templates; ProviderError where the model can't be tuned.
 */
export async function tunePipeline(
  train: ControlledListTraining,
  options: DlcrecOptions,
  subtasks: readonly Subtask[],
  context: RunContext,
): Promise<TunedPipeline> {
  const { items, mainGenres } = train;
  const names = { titles: items.titles, genres: items.categoryNames, mainGenres };
  const prompter = new Prompter(await readTemplates(options.templates), names);
  const adapters: Adapters = {};
  for (const subtask of subtasks) {
    if (context.stages.isGiven(subtask)) continue;
    adapters[subtask] = await tuneAdapter(subtask, train, options, prompter, context);
  }
  return { pipeline: new Pipeline(train, options, prompter), adapters };
}

/** What a case asks for: so many genres, or exactly which. Without a wish, as many as the history has. */
export function queryOf(
  { history, seen, genres, length }: ControlledListCase,
  mainGenres: Int32Array,
): ListQuery {
  const own = new Set(Array.from(history, (item) => mainGenres[item]).filter((genre) => genre >= 0)).size;
  return {
    ...{ history, seen, length },
    count: genres === null ? Math.max(1, own) : wishSize(genres),
    ...(genres !== null && typeof genres !== "number" && { genres: [...genres] }),
  };
}

/** The sub-tasks that an arm has adapters for. */
function subtasksOf({ genres, slots, list }: ArmPlan): Subtask[] {
  const isTrained = (name: string): name is Subtask => (SUBTASKS as readonly string[]).includes(name);
  return [genres, slots, list].filter(isTrained);
}

/** DLCRec, or what is left of it when some part is exchanged. */
function arm(id: string, summary: string, plan: ArmPlan, kind: RecommenderKind = "llm"): StagedList {
  const fit = async (
    train: ControlledListTraining,
    given: DlcrecOptions,
    context: RunContext,
    last?: StopAfter,
  ): Promise<Fitted<"controlled-list">> => {
    if (train.allGenres !== undefined && plan.genres !== "none") {
      throw new UsageError(
        "ONE_GENRE",
        `${id} plans items of one genre, and with task.genresOf=all they have several`,
        { hint: `Leave ${id} out, or set task.genresOf=first.` },
      );
    }
    const options = { ...given, ...plan.fixed };
    const subtasks = subtasksOf(plan);
    const needed = last === undefined ? subtasks : subtasks.slice(0, subtasks.indexOf(last.stage) + 1);
    const tuned = await tunePipeline(train, options, needed, context);
    const scorer =
      plan.list === "quota" && last === undefined
        ? ((await markov.fit(train, markov.options.parse({}), context)) as ScoringFitted)
        : undefined;
    return { answer: (cases, run) => answerCases(plan, tuned, scorer, cases, train, run, last) };
  };
  return {
    steps: subtasksOf(plan).filter((name): name is ListStage =>
      (LIST_STAGES as readonly string[]).includes(name),
    ),
    fitUpTo: (last, train, given, context) => fit(train, given, context, last),
    fit: (train, given, context) => fit(train, given, context),
    id,
    task: "controlled-list",
    kind,
    summary,
    options: dlcrecOptions,
    seeded: plan.list !== "raw",
    onRequest: true,
  };
}

async function answerCases(
  plan: ArmPlan,
  { pipeline, adapters }: TunedPipeline,
  scorer: ScoringFitted | undefined,
  cases: readonly ControlledListCase[],
  { mainGenres, items }: ControlledListTraining,
  context: RunContext,
  last?: StopAfter,
): Promise<ControlledListAnswers> {
  const nothing = () => cases.map(() => new Int32Array(0));
  let queries: ListQuery[] = cases.map((one) => queryOf(one, mainGenres));
  let readings: ListReading[] = cases.map(() => ({}));
  let unreadable = 0;
  const named = queries.map(({ genres = [] }) => genres);
  // Where the genres themselves are wished, nobody chooses them.
  const open =
    plan.genres === "none" ? [] : [...queries.keys()].filter((n) => queries[n].genres === undefined);
  if (open.length > 0) {
    const asked = open.map((n) => queries[n]);
    const read = plan.genres === "gp" ? await pipeline.genres(asked, adapters.gp, context) : undefined;
    unreadable += read?.unreadable ?? 0;
    open.forEach((n, at) => {
      const genres = read?.values[at] ?? pipeline.commonest(queries[n]);
      queries[n] = { ...queries[n], genres };
      named[n] = read?.raw[at] ?? genres;
      if (read !== undefined) readings[n] = { gp: read.shares[at] };
    });
    if (last?.stage === "gp" && read !== undefined) last.told(read.path);
  }
  if (last?.stage === "gp") return nothing();
  let placed: readonly (readonly number[] | null)[] = cases.map(() => null);
  if (plan.slots !== "none") {
    const read = plan.slots === "gf" ? await pipeline.slots(queries, adapters.gf, context) : undefined;
    unreadable += read?.unreadable ?? 0;
    if (read !== undefined) readings = readings.map((one, n) => ({ ...one, gf: read.shares[n] }));
    queries = queries.map((query, n) => ({ ...query, slots: read?.values[n] ?? pipeline.shares(query) }));
    placed = read?.raw ?? queries.map(({ slots = null }) => slots);
    if (last?.stage === "gf" && read !== undefined) last.told(read.path);
  }
  if (last?.stage === "gf") return nothing();
  const plans = queries.map(({ genres = [] }, n): ListPlan => ({
    genres: named[n],
    told: genres.length,
    slots: placed[n],
  }));
  if (scorer !== undefined) {
    const scores = await scorer.score(cases, context.signal);
    const width = items.keys.length;
    const lists = queries.map(({ seen, genres = [], length }, n) => {
      const pool = poolOf(scores.subarray(n * width, (n + 1) * width), new Set(seen));
      // A genre may have no item left: then the best list of all.
      return quotaList(pool, mainGenres, new Set(genres), length) ?? pool.items.slice(0, length);
    });
    return withPlans(lists, { plans, readings });
  }
  const kind = plan.list as ListQuestion;
  const adapter = kind === "raw" ? undefined : adapters[kind as Subtask];
  const written = await pipeline.write(kind, queries, adapter, context);
  if (last !== undefined) {
    last.told(written.path);
    return nothing();
  }
  unreadable += written.unreadable;
  const { lists, exact, titles } = await pipeline.ground(queries, written.values, context);
  context.progress.note(
    `${kind}: ${exact} of ${titles} titles are an item's, letter for letter; ${unreadable} places or genres could not be read`,
  );
  readings = readings.map((one, n) => ({ ...one, list: written.shares[n] }));
  return withPlans(lists, { readings, ...(plan.genres !== "none" && { plans }) });
}

/** Genres, then a genre for each place, then items: the paper's method. */
const CHAIN = { genres: "gp", slots: "gf", list: "ip" } as const;

/**
 * DLCRec: GP names as many genres as are asked for, GF gives each place one of them, IP writes the titles; three adapters, trained apart
 * and run one after the other. Stages: `gp-adapter`, `gf-adapter`, `ip-adapter` (PEFT folders), `gp`, `gf`, `ip` (answers).
 */
export const dlcrec = arm(
  "dlcrec",
  "Genres, then places, then items, by a language model (Chen et al., WSDM 2025).",
  CHAIN,
);

/** One line of the paper's ablation of augmentation. */
function ablation(ip: Augmentation, gf: Augmentation): StagedList {
  const name = (task: string, kind: Augmentation) => (kind === "none" ? task : `${task}-${kind}`);
  return arm(
    `dlcrec-${name("ip", ip)}-${name("gf", gf)}`,
    `DLCRec with ${name("ip", ip).toUpperCase()} and ${name("gf", gf).toUpperCase()} as training samples.`,
    { ...CHAIN, fixed: { ip, gf } },
  );
}

/** DLCRec's arms, its competitors with a language model, and its ablation. */
export const DLCREC_ARMS: readonly StagedList[] = [
  arm("dlcrec-catalogue", "DLCRec whose lists can hold real titles only, each once.", {
    ...CHAIN,
    fixed: { decoding: "catalogue" },
  }),
  arm("dlcrec-genre", "DLCRec whose places can hold real titles of their genre only.", {
    ...CHAIN,
    fixed: { decoding: "genre" },
  }),
  arm("dlcrec-no-gf", "DLCRec without places: items from the genre set at once.", {
    ...{ genres: "gp", slots: "none", list: "direct" },
  }),
  arm("dlcrec-commonest", "DLCRec with the history's commonest genres in place of GP.", {
    ...CHAIN,
    genres: "commonest",
  }),
  arm("dlcrec-rules", "DLCRec with rules in place of GP and GF.", {
    ...{ genres: "commonest", slots: "shares", list: "ip" },
  }),
  arm("dlcrec-quota", "Exactly N genres of GP, then the best list of Markov scores with exactly those.", {
    ...{ genres: "gp", slots: "none", list: "quota" },
    fixed: { decoding: "catalogue" },
  }),
  arm(
    "commonest-quota",
    "The history's N commonest genres, then the best list of Markov scores with exactly those.",
    { genres: "commonest", slots: "none", list: "quota" },
    "classic",
  ),
  arm("bigrec", "Titles from titles (Bao et al., 2023); no number of genres.", {
    ...{ genres: "none", slots: "none", list: "bigrec" },
  }),
  arm("bigrec-div", "BIGRec that is told the number of genres.", {
    ...{ genres: "none", slots: "none", list: "bigrecDiv" },
  }),
  arm("bigrec-cot", "BIGRec that is told to think of so many genres first.", {
    ...{ genres: "none", slots: "none", list: "bigrecCot" },
  }),
  arm("bigrec-raw", "The untrained language model goes on with the trail.", {
    ...{ genres: "none", slots: "none", list: "raw" },
  }),
  ablation("none", "none"),
  ablation("nd", "none"),
  ablation("nd", "n"),
  ablation("nd", "d"),
  ablation("none", "nd"),
  ablation("n", "nd"),
  ablation("d", "nd"),
];
