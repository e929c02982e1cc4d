import { existsSync } from "node:fs";
import { appendFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { LlmrecError, UsageError } from "../../core/errors.js";
import { fileError, writeAtomically, writeJson } from "../../core/files.js";
import { type FinishedRun, readRun } from "../run.js";
import { type Baseline, baselineResult, readBaseline, writeBaseline } from "./baseline.js";
import { benchmarkEntries } from "./benchmark-action.js";
import { toJunit } from "./junit.js";
import { checkMarkdown, checkText, countVerdicts, type Counts, summaryLine } from "./summary.js";
import {
  checkResults,
  type CheckRules,
  fails,
  type Finding,
  keyOf,
  type MeasuredResult,
} from "./verdicts.js";

export interface CheckRequest extends CheckRules {
  /** The baseline's file. */
  readonly baseline: string;
  /** Run folders; none: every run in `out`. */
  readonly runs: readonly string[];
  readonly out: string;
  /** Write the runs as the new baseline instead of failing on what moved. */
  readonly update: boolean;
  /** Files to write besides: JUnit XML, the folder of github-action-benchmark's files, GitHub's summary page. */
  readonly junit?: string;
  readonly benchmark?: string;
  readonly stepSummary?: string;
}

export interface CheckOutcome {
  readonly passed: boolean;
  readonly findings: readonly Finding[];
  readonly counts: Counts;
  readonly summary: string;
  readonly text: string;
  /** True where `update` wrote the baseline; an equal one is left as it is. */
  readonly written: boolean;
}

/** Reads runs and baseline, compares them, and writes the reports. It does not throw for a failed gate. */
export async function checkRuns(request: CheckRequest): Promise<CheckOutcome> {
  const folders = request.runs.length > 0 ? request.runs : await runsIn(request.out);
  const { runs, unfinished } = await readRuns(folders);
  const measured = runs.map(measuredResult);
  refuseTwins(measured);
  const firstBaseline = request.update && !existsSync(request.baseline);
  const baseline = firstBaseline ? { results: [] } : await readBaseline(request.baseline);
  const findings = [...unfinished, ...checkResults(baseline.results, measured, request)];
  const failed = findings.some(fails);
  // What an update forgives is a difference to the old baseline; it never takes in a run that measured nothing.
  const useless = [...unfinished, ...checkResults([], measured)].some(fails);
  const written = request.update && !useless && findings.some(({ verdict }) => verdict !== "equal");
  if (written) await writeBaseline(request.baseline, { schemaVersion: 1, results: runs.map(baselineResult) });
  const hints = hintsOf(request, { failed, useless, written, findings, baseline, measured });
  const outcome = {
    passed: request.update ? !useless : !failed,
    findings,
    counts: countVerdicts(findings),
    summary: summaryLine(findings),
    text: checkText(findings, hints),
    written,
  };
  if (request.junit !== undefined) await writeAtomically(request.junit, toJunit(findings));
  if (request.benchmark !== undefined) {
    const { bigger, smaller } = benchmarkEntries(runs);
    await writeJson(join(request.benchmark, "bigger-is-better.json"), bigger);
    await writeJson(join(request.benchmark, "smaller-is-better.json"), smaller);
  }
  if (request.stepSummary !== undefined) {
    await appendFile(request.stepSummary, checkMarkdown(findings, hints) + "\n").catch((error: unknown) => {
      throw fileError(error, request.stepSummary ?? "");
    });
  }
  return outcome;
}

/**
 * `--max-slowdown 2`: a number of at least 1.
 * @throws UsageError BAD_FLAGS.
 */
export function parseSlowdown(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const times = Number(given);
  if (Number.isFinite(times) && times >= 1) return times;
  throw new UsageError("BAD_FLAGS", `--max-slowdown ${given}: expected a number of at least 1`, {
    hint: "2 lets a recommender take twice the baseline's seconds.",
  });
}

/** Every folder with a manifest in it, by name. */
async function runsIn(out: string): Promise<string[]> {
  if (!existsSync(out)) return [];
  const entries = await readdir(out, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(out, entry.name, "manifest.json")))
    .map((entry) => join(out, entry.name))
    .sort();
}

/** A run that did not end measured nothing: that is a finding, not a reason to stop looking at the others. */
async function readRuns(folders: readonly string[]): Promise<{ runs: FinishedRun[]; unfinished: Finding[] }> {
  const runs: FinishedRun[] = [];
  const unfinished: Finding[] = [];
  for (const folder of folders) {
    try {
      runs.push(await readRun(folder));
    } catch (error) {
      if (!(error instanceof LlmrecError) || error.code !== "RUN_NOT_FINISHED") throw error;
      unfinished.push({
        result: folder,
        recommender: null,
        metric: null,
        verdict: "missing",
        before: null,
        now: null,
        message: `${folder}: ${error.message}; nothing was measured.`,
      });
    }
  }
  return { runs, unfinished };
}

function measuredResult(run: FinishedRun): MeasuredResult {
  const broken = run.scoreboard.rows.flatMap(({ recommender, metrics }) =>
    Object.entries(metrics)
      .filter(([, { mean, n }]) => !Number.isFinite(mean) || n < 1)
      .map(([name]) => [recommender, name] as const),
  );
  return { ...baselineResult(run), from: run.name, broken };
}

function refuseTwins(measured: readonly MeasuredResult[]): void {
  measured.forEach((one, at) => {
    const twin = measured.slice(0, at).find((other) => keyOf(other) === keyOf(one));
    if (twin === undefined) return;
    throw new UsageError(
      "SAME_RESULT_TWICE",
      `${twin.from} and ${one.from} are both ${one.task} on ${one.dataset}: one baseline can hold only one of them`,
      { hint: "Name the runs to check, or keep a baseline file for each configuration." },
    );
  });
}

function hintsOf(
  request: CheckRequest,
  {
    failed,
    useless,
    written,
    findings,
    baseline,
    measured,
  }: {
    failed: boolean;
    useless: boolean;
    written: boolean;
    findings: readonly Finding[];
    baseline: Pick<Baseline, "results">;
    measured: readonly MeasuredResult[];
  },
): string[] {
  if (request.update) {
    if (useless)
      return [`${request.baseline} was not written: a baseline needs finished runs and finite figures.`];
    return [written ? `Written: ${request.baseline}.` : `${request.baseline} holds these figures already.`];
  }
  const hints: string[] = [];
  if (failed) hints.push(...otherMakers(baseline.results, measured));
  const movedOnly = !failed && findings.some(({ verdict }) => verdict !== "equal");
  if (movedOnly)
    hints.push("Hold the gain: llmrec check with --update writes these figures as the new baseline.");
  return hints;
}

/** Other versions or another machine: the first thing to know about an exact figure that moved. */
function otherMakers(baseline: Baseline["results"], measured: readonly MeasuredResult[]): string[] {
  const pairs = measured.flatMap((now) => {
    const before = baseline.find((one) => keyOf(one) === keyOf(now));
    return before === undefined ? [] : [{ before: before.madeBy, now: now.madeBy }];
  });
  const changed = (["program", "node", "host"] as const).flatMap((part) => {
    const pair = pairs.find(({ before, now }) => before[part] !== now[part]);
    return pair === undefined ? [] : [`${part} ${pair.before[part]}, now ${pair.now[part]}`];
  });
  return changed.length === 0 ? [] : [`The baseline was made by another: ${changed.join("; ")}.`];
}
