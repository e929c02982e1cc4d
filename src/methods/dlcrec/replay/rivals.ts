import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CostMeter } from "../../../core/cost.js";
import { ProviderError } from "../../../core/errors.js";
import type { Progress } from "../../../core/progress.js";
import { Random } from "../../../core/random.js";
import { StageStore } from "../../../core/stages.js";
import { dlcrecHitRate, dlcrecNdcg } from "../../../metrics/compat/dlcrec.js";
import { controlError } from "../../../metrics/lists/control.js";
import { describe } from "../../../metrics/statistics/describe.js";
import { pairedTTest } from "../../../metrics/statistics/paired.js";
import type { Recommender } from "../../../recommenders/recommender.js";
import { resolveOptions, selectRecommenders } from "../../../recommenders/registry.js";
import { bestAttainable } from "../../../recommenders/rerank/best-attainable.js";
import { RERANKERS, reranked } from "../../../recommenders/rerank/reranked.js";
import { casesOf } from "../../../tasks/controlled-list-evaluation.js";
import { type PublishedProtocol, readPublishedWindows } from "./protocol.js";
import type { Replay } from "./replay.js";

const K = 10;

/** The numbers of genres that DLCRec's main table asks for. */
export const ASKED_GENRES = [2, 5, 8] as const;

/** What a list scores on the published cases, under DLCRec's definitions. */
export interface RivalScores {
  readonly ndcg: number;
  /** Half of the 95 % interval of `ndcg`: 1.96 standard errors over cases. */
  readonly halfWidth: number;
  readonly hr: number;
  readonly cov: number;
  readonly mae: number;
  /** `ndcg` over the cases that share fewer than seven targets with any training window. */
  readonly ndcgFresh: number;
}

export interface RivalRow {
  /** Whose lists: a recommender's id, or the label of a published file. */
  readonly name: string;
  /** `ceiling`: the best that any list of N genres can score; `published`: a language model's published answers. */
  readonly kind: "ceiling" | "published" | "classic";
  /** By number of genres asked for. */
  readonly scores: Readonly<Record<number, RivalScores>>;
}

/**
 * The published answers of the best NDCG at one number of genres, against the classic row of the best NDCG among those that
 * keep to the number at least as well.
 */
export interface Duel {
  readonly genres: number;
  readonly classic: string;
  readonly published: string;
  /** Mean NDCG of the classic less the published one's, on the same cases. */
  readonly difference: number;
  /** Two-sided p of the paired t test. */
  readonly p: number;
}

export interface Rivals {
  readonly rows: readonly RivalRow[];
  readonly duels: readonly Duel[];
  readonly cases: number;
  readonly overlapping: number;
}

/** A recommender's list for each case, by number of genres asked for. */
type Lists = ReadonlyMap<number, readonly Int32Array[]>;

interface Entry extends Pick<RivalRow, "name" | "kind"> {
  readonly lists: Lists;
}

/**
 * {@link rivalsOf} on a published folder.
 * @param names - ids of recommenders of the task, or groups.
 * @throws UsageError UNKNOWN_RECOMMENDER; DataError of the readers.
 */
export async function answerPublishedCases(
  folder: string,
  replay: Replay,
  names: readonly string[],
  context: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Rivals> {
  const bases = selectRecommenders("controlled-list", names).filter(
    ({ needsTruth, seesTargets }) => needsTruth !== true && seesTargets !== true,
  );
  const protocol = await readPublishedWindows(
    join(folder, "instructions"),
    replay.catalogue,
    replay.grounder,
  );
  return rivalsOf(protocol, replay, bases, context);
}

/**
 * The recommenders' answers to the published test cases, alone and under every re-ranker, with the published answers and the
 * ceiling beside them.
 * @param bases - recommenders of the task that score items; they learn from the published training windows alone.
 */
export async function rivalsOf(
  protocol: PublishedProtocol,
  replay: Pick<Replay, "lists">,
  bases: readonly Recommender<"controlled-list">[],
  context: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Rivals> {
  const entries: Entry[] = [
    { name: "best attainable", kind: "ceiling", lists: ceiling(protocol) },
    ...publishedLists(replay).map(([name, lists]) => ({ name, kind: "published" as const, lists })),
  ];
  const folder = await mkdtemp(join(tmpdir(), "llmrec-rivals-"));
  try {
    for (const base of bases) {
      for (const recommender of [base, ...RERANKERS.map((reranker) => reranked(base, reranker))]) {
        const lists = await answersOf(protocol, recommender, folder, context);
        entries.push({ name: recommender.id, kind: "classic", lists });
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const rows = entries.map(({ name, kind, lists }) => ({
    name,
    kind,
    scores: Object.fromEntries(
      Array.from(lists, ([genres, own]) => [genres, scoresOf(protocol, own, genres)]),
    ),
  }));
  const duels = await Promise.all(ASKED_GENRES.map((genres) => duelOf(protocol, entries, rows, genres)));
  return {
    rows,
    duels: duels.filter((duel) => duel !== null),
    cases: protocol.test.length,
    overlapping: protocol.overlapping.reduce((sum, one) => sum + one, 0),
  };
}

async function duelOf(
  protocol: PublishedProtocol,
  entries: readonly Entry[],
  rows: readonly RivalRow[],
  genres: number,
): Promise<Duel | null> {
  const best = (kind: RivalRow["kind"], mae: number) =>
    entries
      .flatMap((entry, n) => {
        const scores = rows[n].scores as Partial<RivalRow["scores"]>;
        const own = scores[genres];
        return entry.kind === kind && own !== undefined && own.mae <= mae ? [{ entry, own }] : [];
      })
      .sort((a, b) => b.own.ndcg - a.own.ndcg)
      .at(0);
  const published = best("published", Infinity);
  if (published === undefined) return null;
  const classic = best("classic", published.own.mae);
  if (classic === undefined) return null;
  const theirs = ndcgs(protocol, published.entry.lists.get(genres)!);
  const differences = ndcgs(protocol, classic.entry.lists.get(genres)!).map((ndcg, n) => ndcg - theirs[n]);
  return {
    genres,
    classic: classic.entry.name,
    published: published.entry.name,
    difference: meanOf(differences),
    p: await pairedTTest(differences),
  };
}

/** The published lists by label, for every number of genres that a label has files for. */
function publishedLists({ lists }: Pick<Replay, "lists">): [string, Lists][] {
  const byLabel = new Map<string, Map<number, readonly Int32Array[]>>();
  for (const { label, genres, replay } of lists) {
    if (genres === null) continue;
    const own = byLabel.get(label) ?? new Map<number, readonly Int32Array[]>();
    byLabel.set(label, own.set(genres, replay.lists));
  }
  return [...byLabel];
}

/** For each case the list with the most targets among all that have exactly N genres, its targets first. */
function ceiling({ test, training }: PublishedProtocol): Lists {
  const best = bestAttainable(training);
  return new Map(
    ASKED_GENRES.map((genres) => [
      genres,
      test.map(({ history, future }) => best(future, history, genres, K)),
    ]),
  );
}

async function answersOf(
  { training, test }: PublishedProtocol,
  recommender: Recommender<"controlled-list">,
  folder: string,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Lists> {
  const cost = new CostMeter();
  const seed = 1;
  const context = {
    random: Random.fromSeed(seed).fork(recommender.id),
    seed,
    stages: new StageStore(folder, new Map(), recommender.id, cost),
    ...{ cost, progress, signal },
    llm: () =>
      Promise.reject(new ProviderError("NO_MODEL", `${recommender.id} is compared without a language model`)),
  };
  const step = progress.start(recommender.id, ASKED_GENRES.length);
  const fitted = await recommender.fit(training, resolveOptions(recommender), context);
  const lists = new Map<number, readonly Int32Array[]>();
  for (const genres of ASKED_GENRES) {
    lists.set(genres, await fitted.answer(casesOf(test, genres, K), context));
    step.update(lists.size);
  }
  step.end();
  return lists;
}

function ndcgs({ test }: PublishedProtocol, lists: readonly Int32Array[]): Float64Array {
  return Float64Array.from(test, ({ future }, n) => dlcrecNdcg(lists[n], new Set(future), K));
}

function scoresOf(protocol: PublishedProtocol, lists: readonly Int32Array[], genres: number): RivalScores {
  const { test, training, overlapping } = protocol;
  const ndcg = ndcgs(protocol, lists);
  const covs = lists.map((list) => new Set(Array.from(list, (item) => training.mainGenres[item])).size);
  const { mean, sd } = describe(ndcg);
  return {
    ndcg: mean,
    halfWidth: (1.96 * (sd ?? NaN)) / Math.sqrt(ndcg.length),
    hr: meanOf(test.map(({ future }, n) => dlcrecHitRate(lists[n], new Set(future), K))),
    cov: meanOf(covs),
    mae: meanOf(covs.map((cov) => controlError(genres, cov))),
    ndcgFresh: meanOf(ndcg.filter((_, n) => overlapping[n] === 0)),
  };
}

function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
