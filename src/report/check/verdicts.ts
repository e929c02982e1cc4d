import type { BaselineResult, BaselineRow } from "./baseline.js";
import { isBetter } from "../marks.js";
import { fixed } from "../numbers.js";

/** What became of a figure. */
export type Verdict =
  /** The same number, to the last bit. */
  | "equal"
  /** Moved in the metric's direction. */
  | "better"
  /** Moved, in a metric without a better direction. */
  | "moved"
  /** Not in the baseline. */
  | "new"
  /** Moved against the metric's direction. */
  | "worse"
  /** In the baseline and not measured. */
  | "missing"
  /** Measured, and no finite number. */
  | "not-finite"
  /** Measured on other data, another split, other seeds or another number of cases: no comparison would mean anything. */
  | "not-comparable"
  /** Took longer than allowed. */
  | "slower";

/** The verdicts that a gate does not let pass. */
const FAILING: ReadonlySet<Verdict> = new Set<Verdict>([
  "worse",
  "missing",
  "not-finite",
  "not-comparable",
  "slower",
]);

/** One figure before and now, or what stands for a whole row or result. */
export interface Finding {
  /** `TASK on DATASET`, with the split where that alone would be ambiguous. */
  readonly result: string;
  readonly recommender: string | null;
  /** A metric's name or `seconds`; null where the finding is about the whole row or result. */
  readonly metric: string | null;
  readonly verdict: Verdict;
  readonly before: number | null;
  readonly now: number | null;
  /** One sentence; empty for equal figures. */
  readonly message: string;
}

export function fails({ verdict }: Pick<Finding, "verdict">): boolean {
  return FAILING.has(verdict);
}

/** Which results are measured against which, and how much longer a recommender may take. */
export interface CheckRules {
  /** Seconds now may be so many times the baseline's; undefined: seconds are not looked at. */
  readonly maxSlowdown?: number;
}

/** What was measured now: {@link BaselineResult} with the figures that are no number still in it. */
export interface MeasuredResult extends BaselineResult {
  /** Where it was read from. */
  readonly from: string;
  /** [recommender, metric] of every figure that is no finite number. */
  readonly broken: readonly (readonly [string, string])[];
}

/**
 * Compares what was measured with the baseline, figure by figure: quality exactly, in the metric's direction, and seconds
 * with a tolerance. What the baseline has and the runs lack fails; what only the runs have is reported as new.
 */
export function checkResults(
  baseline: readonly BaselineResult[],
  measured: readonly MeasuredResult[],
  rules: CheckRules = {},
): Finding[] {
  const findings: Finding[] = [];
  for (const expected of baseline) {
    const found = measured.find((one) => keyOf(one) === keyOf(expected));
    if (found !== undefined)
      findings.push(...checkResult(nameOf(expected, baseline), expected, found, rules));
    else findings.push(missingResult(nameOf(expected, baseline), expected, measured));
  }
  for (const one of measured) {
    const name = nameOf(one, measured);
    findings.push(...brokenFigures(name, one));
    if (Object.keys(one.rows).length === 0) {
      findings.push(about(name, null, "missing", `${one.from} has no rows: nothing was measured.`));
    }
    if (!baseline.some((expected) => keyOf(expected) === keyOf(one))) {
      findings.push(about(name, null, "new", `${name} is not in the baseline.`));
    }
  }
  if (measured.length === 0) findings.push(about("all", null, "missing", "No run: nothing was measured."));
  return findings;
}

/** Results are the same one where task, data set and split's description agree; their hashes must then agree too. */
export function keyOf({ task, dataset, split }: BaselineResult): string {
  return JSON.stringify([task, dataset, split]);
}

/** `TASK on DATASET`, with the split where another result of `all` has the same. */
export function nameOf(one: BaselineResult, all: readonly BaselineResult[]): string {
  const name = `${one.task} on ${one.dataset}`;
  const twins = all.filter(({ task, dataset }) => task === one.task && dataset === one.dataset);
  return twins.length > 1 ? `${name} (${one.split})` : name;
}

function about(
  result: string,
  recommender: string | null,
  verdict: Verdict,
  message: string,
  metric: string | null = null,
): Finding {
  return { result, recommender, metric, verdict, before: null, now: null, message };
}

function missingResult(
  name: string,
  { task, dataset, split }: BaselineResult,
  measured: readonly MeasuredResult[],
): Finding {
  const other = measured.find((one) => one.task === task && one.dataset === dataset);
  const why =
    other === undefined
      ? "no run measured it"
      : `${other.from} has another split (${other.split}, not ${split})`;
  return about(name, null, "missing", `${name} is missing: ${why}.`);
}

function checkResult(
  name: string,
  expected: BaselineResult,
  found: MeasuredResult,
  rules: CheckRules,
): Finding[] {
  const differences = [
    ...(expected.dataHash === found.dataHash ? [] : ["the data are not the baseline's (hash of all tables)"]),
    ...(expected.splitHash === found.splitHash ? [] : ["the split is not the baseline's (hash)"]),
    ...(expected.seeds.join() === found.seeds.join()
      ? []
      : [`the seeds are ${found.seeds.join(", ")}, not ${expected.seeds.join(", ")}`]),
  ];
  if (differences.length > 0) {
    return differences.map((why) => about(name, null, "not-comparable", `${name}: ${why}.`));
  }
  const rows = Object.entries(expected.rows).flatMap(([recommender, before]) => {
    if (!Object.hasOwn(found.rows, recommender)) {
      return [about(name, recommender, "missing", `${name}: the row ${recommender} is missing.`)];
    }
    return checkRow(name, recommender, { expected, before }, { found, now: found.rows[recommender] }, rules);
  });
  const added = Object.keys(found.rows)
    .filter((recommender) => !Object.hasOwn(expected.rows, recommender))
    .map((recommender) => about(name, recommender, "new", `${name}: the row ${recommender} is new.`));
  return [...rows, ...added];
}

function checkRow(
  result: string,
  recommender: string,
  { expected, before }: { expected: BaselineResult; before: BaselineRow },
  { found, now }: { found: MeasuredResult; now: BaselineRow },
  { maxSlowdown }: CheckRules,
): Finding[] {
  const findings = Object.entries(before.metrics).flatMap(([metric, was]): Finding[] => {
    const label = `${metric} of ${recommender} on ${expected.dataset}`;
    if (!Object.hasOwn(now.metrics, metric)) {
      const broken = found.broken.some(([row, name]) => row === recommender && name === metric);
      return broken ? [] : [about(result, recommender, "missing", `${label} is missing.`, metric)];
    }
    const is = now.metrics[metric];
    const finding = { result, recommender, metric, before: was.mean, now: is.mean };
    if (was.n !== is.n) {
      const message = `${label} is over ${is.n} cases, not ${was.n}.`;
      return [{ ...finding, verdict: "not-comparable", message }];
    }
    const better = Object.hasOwn(expected.better, metric) ? expected.better[metric] : null;
    const verdict = verdictOf(was.mean, is.mean, better);
    const message = verdict === "equal" ? "" : `${label} ${movement(was.mean, is.mean, better)}.`;
    return [{ ...finding, verdict, message }];
  });
  for (const metric of Object.keys(now.metrics)) {
    if (Object.hasOwn(before.metrics, metric)) continue;
    findings.push(
      about(result, recommender, "new", `${metric} of ${recommender} on ${expected.dataset} is new.`, metric),
    );
  }
  if (maxSlowdown !== undefined && before.seconds !== null) {
    findings.push(checkSeconds(result, recommender, before.seconds, now.seconds, maxSlowdown));
  }
  return findings;
}

function verdictOf(before: number, now: number, better: "higher" | "lower" | null): Verdict {
  if (before === now) return "equal";
  if (better === null) return "moved";
  return isBetter(now, before, better) ? "better" : "worse";
}

/** "fell from 0.3120 to 0.3089 (-1.0 %)", with as many decimals as tell the two apart. */
function movement(before: number, now: number, better: "higher" | "lower" | null): string {
  let decimals = 4;
  while (decimals < 17 && fixed(before, decimals) === fixed(now, decimals)) decimals++;
  const share = before === 0 ? "" : ` (${percent((now - before) / Math.abs(before))})`;
  const direction = better === "lower" ? "; lower is better" : "";
  const verb = now < before ? "fell" : "rose";
  return `${verb} from ${fixed(before, decimals)} to ${fixed(now, decimals)}${share}${direction}`;
}

function percent(share: number): string {
  const size = Math.abs(100 * share);
  return `${share < 0 ? "-" : "+"}${size < 0.05 ? size.toExponential(0) : size.toFixed(1)} %`;
}

function checkSeconds(
  result: string,
  recommender: string,
  before: number,
  now: number | null,
  maxSlowdown: number,
): Finding {
  const finding = { result, recommender, metric: "seconds", before, now };
  if (now === null) {
    return { ...finding, verdict: "missing", message: `The seconds of ${recommender} are missing.` };
  }
  if (now <= before * maxSlowdown) return { ...finding, verdict: "equal", message: "" };
  const message = `${recommender} took ${now.toFixed(2)} s, more than ${maxSlowdown} times the baseline's ${before.toFixed(2)} s.`;
  return { ...finding, verdict: "slower", message };
}

function brokenFigures(result: string, { broken, dataset }: MeasuredResult): Finding[] {
  return broken.map(([recommender, metric]) =>
    about(
      result,
      recommender,
      "not-finite",
      `${metric} of ${recommender} on ${dataset} is not a finite number.`,
      metric,
    ),
  );
}
