import type { ScoreComparison, Scoreboard } from "../experiment/scoreboard.js";

/** Fewer independent pairs than this, and the tests' approximations are not to be relied on. */
const FEW_PAIRS = 30;

const BETTER = "*";
const WORSE = "†";

/** The rows that others were tested against, in order of first mention. */
export function references({ comparisons }: Pick<Scoreboard, "comparisons">): string[] {
  return [...new Set((comparisons?.results ?? []).map(({ to }) => to))];
}

/**
 * The mark of a cell: `*` where the row is significantly better than the reference, `†` where it is worse, nothing
 * where neither is shown. With several references each has a letter in the order of {@link references}: `*ac†b`.
 */
export function signOf(
  scoreboard: Pick<Scoreboard, "comparisons">,
  recommender: string,
  metric: string,
): string {
  const all = references(scoreboard);
  const found = (scoreboard.comparisons?.results ?? []).filter(
    (one) => one.recommender === recommender && one.metric === metric,
  );
  const part = (verdict: ScoreComparison["verdict"], mark: string): string => {
    const letters = found.filter((one) => one.verdict === verdict).map(({ to }) => letterOf(all.indexOf(to)));
    if (letters.length === 0) return "";
    return all.length === 1 ? mark : mark + letters.sort().join("");
  };
  return part("better", BETTER) + part("worse", WORSE);
}

function letterOf(at: number): string {
  return String.fromCharCode("a".charCodeAt(0) + at);
}

/** What the marks mean, what was tested, and what the tests can not tell: sentences under a table. */
export function significanceNotes({
  comparisons,
  seeds,
}: Pick<Scoreboard, "comparisons" | "seeds">): string[] {
  if (comparisons === undefined) return [];
  const { results, alpha } = comparisons;
  const all = references({ comparisons });
  const named = all.length === 1 ? all[0] : all.map((id, at) => `${letterOf(at)} ${id}`).join(", ");
  const tests = [...new Set(results.map(({ test }) => TEST_NAMES[test]))].join(" and ");
  const count = `${results.length} ${results.length === 1 ? "comparison" : "comparisons"}`;
  const notes = [
    `${BETTER} significantly better, ${WORSE} worse than ${named} (${tests}; Holm over ${count} declared before the run, ` +
      `α = ${alpha}). No mark means not shown, not equal.`,
  ];
  const fewest = Math.min(...results.map(({ n }) => n));
  if (fewest < FEW_PAIRS) {
    notes.push(
      `Too few cases for the tests: ${fewest} independent pairs; below ${FEW_PAIRS} neither a mark nor its absence says much.`,
    );
  }
  const open = results.filter(({ verdict, difference, detectable }) => {
    return verdict === null && detectable !== null && detectable > Math.abs(difference);
  });
  if (open.length > 0) {
    notes.push(
      `Of ${results.length - results.filter(({ verdict }) => verdict !== null).length} comparisons without a mark, ` +
        `${open.length} had too few cases for a difference of the size seen (80 % power).`,
    );
  }
  if (seeds.length === 1) {
    notes.push("One seed: the tests say nothing about luck in training. Use --seeds 1,2,3 or more.");
  }
  return notes;
}

const TEST_NAMES: Readonly<Record<ScoreComparison["test"], string>> = {
  t: "paired t test",
  wilcoxon: "Wilcoxon's signed-rank test",
  bootstrap: "paired bootstrap",
};
