import { UsageError } from "../core/errors.js";
import { suggestName } from "../core/names.js";

/** What a table, a chart, a test and a gate must know about a metric, whatever computes it. */
export interface MetricDefinition {
  /** The name before any `@k` and `/subset`: lower case with hyphens. */
  readonly name: string;
  readonly title: string;
  /** The better direction; null where neither is better in itself. */
  readonly better: "higher" | "lower" | null;
  /** `case`: a mean over cases, each with a value of its own. `pooled`: one value from all cases together. */
  readonly per: "case" | "pooled";
  /** True where the name carries a cut-off: `recall@20`. */
  readonly cutoff: boolean;
  /** The definition in one line; docs/metrics.md has the rules for ties, empty lists and missing truth. */
  readonly formula: string;
}

function metric(
  name: string,
  title: string,
  better: MetricDefinition["better"],
  per: MetricDefinition["per"],
  cutoff: boolean,
  formula: string,
): MetricDefinition {
  return { name, title, better, per, cutoff, formula };
}

/** Every metric that the program computes. docs/metrics.md has a section of the same name for each. */
export const METRICS: readonly MetricDefinition[] = [
  metric("recall", "Recall", "higher", "case", true, "hits(k) / R"),
  metric("precision", "Precision", "higher", "case", true, "hits(k) / k"),
  metric("hit", "Hit", "higher", "case", true, "1 where hits(k) > 0"),
  metric("mrr", "MRR", "higher", "case", true, "1 / position of the first relevant item, 0 beyond k"),
  metric("map", "MAP", "higher", "case", true, "sum of rel(p) hits(p) / p over p <= k, / min(R, k)"),
  metric(
    "ndcg",
    "NDCG",
    "higher",
    "case",
    true,
    "DCG(k) / ideal DCG(min(R, k)), binary gain, 1 / log2(p + 1)",
  ),

  metric(
    "auc",
    "AUC",
    "higher",
    "pooled",
    false,
    "P(score of a positive > of a negative) + half of P(equal)",
  ),
  metric("gauc", "GAUC", "higher", "pooled", false, "mean of the users' AUC weighted by their cases"),
  metric("log-loss", "Log loss", "lower", "case", false, "-log of the probability given to what happened"),
  metric("brier", "Brier score", "lower", "case", false, "(probability - label) squared"),
  metric("absolute-error", "Absolute error", "lower", "case", false, "|probability - label|"),
  metric("ece", "Calibration error", "lower", "pooled", false, "sum over 15 bins of share |mean p - rate|"),

  metric(
    "ild-category",
    "Category distance",
    "higher",
    "case",
    true,
    "mean over pairs of 1 - Jaccard(categories)",
  ),
  metric("ild-vector", "Vector distance", "higher", "case", true, "mean over pairs of 1 - cosine"),
  metric("genres", "Genres", null, "case", true, "number of different genres in the list"),
  metric("genre-coverage", "Genre coverage", "higher", "case", true, "different genres in the list / genres"),
  metric(
    "genre-entropy",
    "Genre entropy",
    "higher",
    "case",
    true,
    "-sum of p log2 p over the list's genre shares",
  ),
  metric("cov", "Cov", null, "case", true, "number of different genres in the list: first ones, or all"),
  metric("repeats", "Repeats", "lower", "case", true, "places that repeat an earlier item / k"),
  metric("novelty", "Novelty", "higher", "case", true, "mean of -log2((n_i + 1) / (U + 1)) over the list"),
  metric("popularity", "Popularity (ARP)", null, "case", true, "mean of n_i / U over the list"),
  metric(
    "popularity-lift",
    "Popularity lift",
    null,
    "pooled",
    true,
    "mean ARP of lists / mean ARP of profiles - 1",
  ),
  metric(
    "coverage",
    "Catalogue coverage",
    "higher",
    "pooled",
    true,
    "items in some list / items in the catalogue",
  ),
  metric("gini", "Gini", "lower", "pooled", true, "Gini index of how often each catalogue item is listed"),
  metric(
    "entropy",
    "Exposure entropy",
    "higher",
    "pooled",
    true,
    "-sum of p log2 p over shares of list places",
  ),
  metric(
    "popularity-tv",
    "Popularity TV",
    "lower",
    "pooled",
    true,
    "half the sum over items of |share of list places - share of targets|",
  ),
  metric(
    "popularity-kl",
    "Popularity KL",
    "lower",
    "pooled",
    true,
    "sum of q ln(q / p): q shares of targets, p of list places with 1 added to each item",
  ),
  metric(
    "popularity-share",
    "Share of recommendations",
    null,
    "pooled",
    true,
    "list places whose item is in the popularity group / all list places",
  ),
  metric(
    "own-recall",
    "Recall of the model's own answers",
    "higher",
    "pooled",
    true,
    "share of the titles drawn from the language model that are within k",
  ),
  metric(
    "own-recall-met",
    "Recall of its own answers, items met",
    "higher",
    "pooled",
    true,
    "the same of items that reindexing met, ranked among those alone",
  ),
  metric(
    "own-recall-unseen",
    "Recall of its own answers, items never met",
    "higher",
    "pooled",
    true,
    "the same of items that reindexing left out, ranked among those alone",
  ),
  metric(
    "names-described-items",
    "Names described items",
    "higher",
    "pooled",
    false,
    "items whose description makes the language model write their title / items asked about",
  ),
  metric(
    "dialogues-cut",
    "Dialogues cut",
    null,
    "pooled",
    false,
    "test turns whose dialogue the language model is told cut on the left, because it takes no more",
  ),
  metric("gate-share", "Gate", null, "pooled", false, "the language model's share a in a g + (1 - a) f"),
  metric(
    "rta-recall",
    "Recall, RTA's matching",
    "higher",
    "case",
    true,
    "1 where an answer within k is at edit distance <= 2 of the target's title",
  ),
  metric(
    "rta-ndcg",
    "NDCG, RTA's matching",
    "higher",
    "case",
    true,
    "1 / log2(p + 1) of the first such answer",
  ),
  metric("rta-mrr", "MRR, RTA's matching", "higher", "case", true, "1 / p of the first such answer"),
  metric(
    "title-recall",
    "Recall by title",
    "higher",
    "case",
    true,
    "1 where the target's title is within k of the matched titles, those named before left out",
  ),
  metric("title-ndcg", "NDCG by title", "higher", "case", true, "1 / log2(p + 1) of that place"),
  metric("title-mrr", "MRR by title", "higher", "case", true, "1 / p of that place"),
  metric(
    "control-error",
    "Control error",
    "lower",
    "case",
    true,
    "|number of genres asked - number delivered|; of an exact set: genres missing + genres too many",
  ),
  metric(
    "dlcrec-ndcg",
    "NDCG (DLCRec)",
    "higher",
    "case",
    true,
    "NDCG whose ideal fills all k places, repeated hits counted each time",
  ),
  metric(
    "dlcrec-div",
    "DIV (DLCRec)",
    "higher",
    "case",
    true,
    "mean over places of 1 - Jaccard(genres before, own genres): first ones, or all",
  ),
  metric("plan-error", "Plan error", "lower", "case", false, "|number of genres asked - genres in the plan|"),
  metric(
    "plan-recall",
    "Plan recall",
    "higher",
    "case",
    false,
    "target's first genres in the plan / all of them",
  ),
  metric(
    "slot-error",
    "Slot error",
    "lower",
    "case",
    false,
    "|genres in the plan - different genres of the places|",
  ),
  metric(
    "slot-recall",
    "Slot recall",
    "higher",
    "case",
    false,
    "genres of the plan that have a place / all of them",
  ),
  metric(
    "match-plan",
    "Match with plan",
    "higher",
    "case",
    true,
    "places whose item has the first genre planned for them / k",
  ),
  metric(
    "gp-unreadable",
    "GP unreadable",
    "lower",
    "case",
    false,
    "names in GP's answer that are no genre / all",
  ),
  metric(
    "gf-unreadable",
    "GF unreadable",
    "lower",
    "case",
    false,
    "places without a genre in GF's answer / all",
  ),
  metric(
    "list-unreadable",
    "List unreadable",
    "lower",
    "case",
    false,
    "places without a title in the answer that is the list / all",
  ),
  metric(
    "match-target",
    "Match with target",
    "higher",
    "case",
    true,
    "places whose item has the first genre of the target at the same place / k",
  ),
  metric("dlcrec-hr", "HR (DLCRec)", "higher", "case", true, "hits(k) / k, repeated hits counted each time"),

  metric("adoption", "Adoption rate", null, "pooled", false, "simulated pairs / pairs shown to the judge"),
  metric(
    "search-recall",
    "Search recall",
    "higher",
    "pooled",
    false,
    "the exact search's candidates that an approximate one finds / all, over a sample of cold items",
  ),
  metric(
    "real-pair",
    "RealPair",
    "higher",
    "pooled",
    false,
    "simulated pairs that are cold test pairs / all",
  ),
  metric(
    "real-pair-held-out",
    "RealPair, all held out",
    "higher",
    "pooled",
    false,
    "simulated pairs that are cold validation or test pairs / all",
  ),
  metric("simulated-pairs", "Simulated pairs", null, "pooled", false, "number of simulated pairs"),
  metric("users-reached", "Users reached", null, "pooled", false, "users with a simulated pair"),
  metric("items-reached", "Items reached", null, "pooled", false, "cold items with a simulated pair"),
  metric("pairs-per-item", "Pairs per item", null, "pooled", false, "simulated pairs / cold items"),
  metric(
    "judge-auc",
    "Judge's AUC",
    "higher",
    "pooled",
    false,
    "AUC of log-odds: judged pairs that are cold validation or test pairs against the others",
  ),
  metric(
    "judge-auc-within",
    "Judge's AUC within user and genre",
    "higher",
    "pooled",
    false,
    "the same over pairs of pairs of one user and one main genre",
  ),
  metric(
    "judge-agreement",
    "Judge's agreement with taste",
    "higher",
    "pooled",
    false,
    "share of pairs of pairs of one user and one main genre that log-odds order as the true taste",
  ),

  metric("explanation-words", "Words", null, "pooled", false, "mean words of an explanation"),
  metric(
    "distinct",
    "Distinct",
    null,
    "pooled",
    true,
    "different sequences of k words / all in explanations",
  ),
  metric("empty-explanations", "Empty", "lower", "pooled", false, "share of explanations without a word"),
  metric("states-verdict", "States verdict", null, "pooled", false, "share that say the answer outright"),
  metric("cites-history", "Cites history", null, "pooled", false, "share that name a shown item"),
  metric(
    "id-agreement",
    "Agrees with ID",
    null,
    "pooled",
    false,
    "share where reader and ID model are on the same side of their means",
  ),
  metric(
    "swap-change",
    "Change by swap",
    null,
    "pooled",
    false,
    "mean |change of the reader's probability| with another pair's explanation",
  ),
  metric(
    "uncite-change",
    "Change by removal",
    null,
    "pooled",
    false,
    "mean |change of the reader's probability| after the cited item leaves the history",
  ),
];

/** Metrics that plugins brought along, by name. */
const added = new Map<string, MetricDefinition>();

/**
 * Makes a metric of a plugin known to tables, tests and charts. Loading the same plugin again replaces its metric.
 * @throws RangeError for the name of one of {@link METRICS}.
 */
export function registerMetric(definition: MetricDefinition): void {
  if (METRICS.some(({ name }) => name === definition.name)) {
    throw new RangeError(`there is already a metric ${definition.name}`);
  }
  added.set(definition.name, definition);
}

/** A column's name taken apart: `recall@20/cold` is recall, 20, cold. */
export interface MetricName {
  readonly definition: MetricDefinition;
  readonly k: number | null;
  /** The part of the cases or candidates that the value is about; null for all. */
  readonly subset: string | null;
}

/**
 * Looks up a column such as `recall@20/cold`.
 * @throws UsageError UNKNOWN_METRIC naming the nearest; BAD_METRIC for a cut-off where none belongs, or none where
 * one does.
 */
export function parseMetricName(name: string): MetricName {
  const match = /^([^@/]+)(?:@(\d+))?(?:\/(.+))?$/.exec(name);
  const base = match?.[1] ?? name;
  const definition = METRICS.find((known) => known.name === base) ?? added.get(base);
  if (match === null || definition === undefined) {
    throw new UsageError("UNKNOWN_METRIC", `there is no metric ${name}`, {
      hint: suggestName(
        base,
        [...METRICS, ...added.values()].map((known) => known.name),
      ),
    });
  }
  const digits = optional(match[2]);
  const k = digits === null ? null : Number(digits);
  if ((k !== null) !== definition.cutoff || k === 0) {
    throw new UsageError(
      "BAD_METRIC",
      `${name}: ${definition.name} ${definition.cutoff ? "needs" : "has no"} cut-off`,
      {
        hint: definition.cutoff ? `Write ${definition.name}@10.` : `Write ${definition.name}.`,
      },
    );
  }
  return { definition, k, subset: optional(match[3]) };
}

/** `recall@20/cold` as a person reads it: "Recall@20 cold". */
export function metricTitle(name: string): string {
  const { definition, k, subset } = parseMetricName(name);
  return [definition.title + (k === null ? "" : `@${k}`), subset].filter((part) => part !== null).join(" ");
}

/**
 * A scoreboard column for a metric.
 * @param main - shown in the short table and in charts.
 */
export function metricColumn(
  name: string,
  main: boolean,
): { readonly name: string; readonly better: MetricDefinition["better"]; readonly main: boolean } {
  return { name, better: parseMetricName(name).definition.better, main };
}

/** A group that a regular expression may have left empty, whatever its type says. */
function optional(group: string | undefined): string | null {
  return group ?? null;
}
