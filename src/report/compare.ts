import { DataError, UsageError } from "../core/errors.js";
import type { CostSheet, MetricColumn, MetricValue, Scoreboard, ScoreRow } from "../experiment/scoreboard.js";
import { ladder } from "./frame.js";

/** A finished run, as far as comparing needs it. */
export interface ComparableRun {
  readonly name: string;
  readonly scoreboard: Scoreboard;
  readonly cost: CostSheet;
}

/** One figure of one recommender in every run: null where a run lacks it. What no run has makes no line. */
export interface ComparisonLine {
  readonly metric: string;
  readonly better: MetricColumn["better"];
  readonly main: boolean;
  readonly recommender: string;
  readonly kind: ScoreRow["kind"];
  readonly values: readonly (MetricValue | null)[];
  /** Each run's mean less the first run's, in the metric's own unit; null where either is missing, and for the first run. */
  readonly differences: readonly (number | null)[];
  /** Marks for the differences from outside, such as `*` for a significant one. */
  readonly signs: readonly (string | null)[];
}

/** Runs of one task on the same data and split, side by side. */
export interface Comparison {
  readonly task: string;
  readonly dataset: string;
  readonly split: string;
  readonly runs: readonly { readonly name: string; readonly seeds: readonly number[] }[];
  readonly lines: readonly ComparisonLine[];
  /** What the signs mean. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** The significance mark of a difference to the first run, or null, and sentences that say what the marks mean. */
export interface ComparisonSigns {
  readonly signOf: (metric: string, recommender: string, run: number) => string | null;
  readonly notes: readonly string[];
}

/** The costs that are compared, as metrics of their own: less is better. */
const COSTS = ["cost:seconds", "cost:llmCalls", "cost:usd"] as const;

/**
 * Puts runs side by side, with the difference of each to the first. A metric, a recommender or a direction that not all
 * runs share is named in `warnings`; so are different seeds.
 * @throws UsageError TOO_FEW_RUNS for fewer than two.
 * @throws DataError RUNS_DIFFER where task, data or split are not the same: such a difference would mean nothing.
 */
export function compareRuns(given: readonly ComparableRun[], signs?: ComparisonSigns): Comparison {
  if (given.length < 2) {
    throw new UsageError("TOO_FEW_RUNS", "a comparison needs at least two runs", {
      hint: "Name two or more run folders.",
    });
  }
  const runs = withOwnNames(given);
  runs.slice(1).forEach((run) => {
    refuseOtherData(runs[0], run);
  });
  const columns = union(runs.map(({ scoreboard }) => scoreboard.columns.map((c) => [c.name, c] as const)));
  const rows = union(runs.map(({ scoreboard }) => scoreboard.rows.map((r) => [r.recommender, r] as const)));
  const ordered = ladder([...rows.values()]);
  const quality = [...columns.values()].flatMap((column) =>
    ordered.map((row) =>
      lineOf(runs, column, row, (run) => {
        const found = run.scoreboard.rows.find(({ recommender }) => recommender === row.recommender);
        const metrics = found?.metrics ?? {};
        const value = Object.hasOwn(metrics, column.name) ? metrics[column.name] : null;
        return value !== null && Number.isFinite(value.mean) ? value : null;
      }),
    ),
  );
  const spent = COSTS.flatMap((name) =>
    ordered.map((row) =>
      lineOf(runs, { name, better: "lower", main: true }, row, (run) => costValue(run, row, name)),
    ),
  );
  const { task, dataset, split } = runs[0].scoreboard;
  return {
    task,
    dataset,
    split,
    runs: runs.map(({ name, scoreboard }) => ({ name, seeds: scoreboard.seeds })),
    lines: [...quality, ...spent].filter(measured).map((line) => ({
      ...line,
      signs: runs.map((_run, at) =>
        line.differences[at] === null ? null : (signs?.signOf(line.metric, line.recommender, at) ?? null),
      ),
    })),
    notes: signs?.notes ?? [],
    warnings: warningsOf(runs, columns, rows),
  };
}

function measured({ values }: Pick<ComparisonLine, "values">): boolean {
  return values.some((value) => value !== null);
}

function withOwnNames(runs: readonly ComparableRun[]): ComparableRun[] {
  const seen = new Map<string, number>();
  return runs.map((run) => {
    const count = (seen.get(run.name) ?? 0) + 1;
    seen.set(run.name, count);
    return count === 1 ? run : { ...run, name: `${run.name} (${count})` };
  });
}

function refuseOtherData(first: ComparableRun, other: ComparableRun): void {
  for (const [key, what] of [
    ["task", "task"],
    ["dataHash", "data"],
    ["splitHash", "split"],
  ] as const) {
    const [mine, theirs] = [first.scoreboard[key], other.scoreboard[key]];
    if (mine === theirs) continue;
    const shown =
      key === "task" ? `${mine} and ${theirs}` : `${mine.slice(0, 12)} and ${theirs.slice(0, 12)}`;
    throw new DataError(
      "RUNS_DIFFER",
      `${first.name} and ${other.name} have not the same ${what}: ${shown}`,
      {
        hint: "Only runs of one task on the same data and split compare; give the second run the first one's split with --split.",
      },
    );
  }
}

/** All entries of the lists by key, in order of first appearance; the first entry of a key counts. */
function union<V>(lists: readonly (readonly (readonly [string, V])[])[]): Map<string, V> {
  const all = new Map<string, V>();
  for (const [key, value] of lists.flat()) if (!all.has(key)) all.set(key, value);
  return all;
}

function lineOf(
  runs: readonly ComparableRun[],
  column: MetricColumn,
  row: ScoreRow,
  valueOf: (run: ComparableRun) => MetricValue | null,
): Omit<ComparisonLine, "signs"> {
  const values = runs.map(valueOf);
  const base = values[0];
  return {
    metric: column.name,
    better: column.better,
    main: column.main,
    recommender: row.recommender,
    kind: row.kind,
    values,
    differences: values.map((value, at) =>
      at === 0 || value === null || base === null ? null : value.mean - base.mean,
    ),
  };
}

function costValue(run: ComparableRun, row: ScoreRow, name: (typeof COSTS)[number]): MetricValue | null {
  if (!Object.hasOwn(run.cost, row.recommender)) return null;
  const cost = run.cost[row.recommender];
  const value = {
    "cost:seconds": cost.fitSeconds + cost.answerSeconds,
    "cost:llmCalls": cost.llmCalls,
    "cost:usd": cost.usd,
  }[name];
  return value === null ? null : { mean: value, sd: null, ci95: null, n: 1 };
}

function warningsOf(
  runs: readonly ComparableRun[],
  columns: ReadonlyMap<string, MetricColumn>,
  rows: ReadonlyMap<string, ScoreRow>,
): string[] {
  const warnings: string[] = [];
  const missing = (what: string, name: string, has: (run: ComparableRun) => boolean): void => {
    const lacking = runs.filter((run) => !has(run)).map((run) => run.name);
    if (lacking.length > 0) warnings.push(`${what} ${name} is missing from ${lacking.join(", ")}.`);
  };
  for (const [name, { better }] of columns) {
    const own = (run: ComparableRun): MetricColumn | undefined =>
      run.scoreboard.columns.find((column) => column.name === name);
    missing("The metric", name, (run) => own(run) !== undefined);
    if (runs.some((run) => own(run) !== undefined && own(run)?.better !== better)) {
      warnings.push(
        `The runs do not agree on which direction of ${name} is better; the first run's is used.`,
      );
    }
  }
  for (const name of rows.keys()) {
    missing("The recommender", name, (run) =>
      run.scoreboard.rows.some(({ recommender }) => recommender === name),
    );
  }
  const seeds = runs.map((run) => run.scoreboard.seeds.join(", "));
  if (new Set(seeds).size > 1) {
    warnings.push(
      `The runs have different seeds: ${runs.map((run, at) => `${run.name}: ${seeds[at]}`).join("; ")}.`,
    );
  }
  return warnings;
}
