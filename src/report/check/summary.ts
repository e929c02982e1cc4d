import { fails, type Finding, type Verdict } from "./verdicts.js";

/** How many figures of each verdict. */
export type Counts = Readonly<Partial<Record<Verdict, number>>>;

export function countVerdicts(findings: readonly Finding[]): Counts {
  const counts: Partial<Record<Verdict, number>> = {};
  for (const { verdict } of findings) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

/** "3 figures fail, 1 better, 1 moved, 345 equal." */
export function summaryLine(findings: readonly Finding[]): string {
  const counts = countVerdicts(findings);
  const failed = findings.filter(fails).length;
  const parts = [
    failed === 0 ? "Nothing fails" : `${failed} ${failed === 1 ? "check fails" : "checks fail"}`,
    ...(["better", "moved", "new", "equal"] as const).flatMap((verdict) =>
      counts[verdict] === undefined ? [] : [`${counts[verdict]} ${verdict}`],
    ),
  ];
  return `${parts.join(", ")}.`;
}

/** What moved, for a terminal: failures first, then what got better, then the rest; equal figures only in the count. */
export function checkText(findings: readonly Finding[], hints: readonly string[]): string {
  const lines = ordered(findings).map(
    (finding) => `${label(finding).padEnd(LABEL_WIDTH)} ${finding.message}`,
  );
  return [...lines, ...(lines.length === 0 ? [] : [""]), summaryLine(findings), ...hints].join("\n") + "\n";
}

/** The same as Markdown, for the summary page of a GitHub workflow. */
export function checkMarkdown(findings: readonly Finding[], hints: readonly string[]): string {
  const passed = !findings.some(fails);
  const rows = ordered(findings).map((finding) => `| ${label(finding)} | ${escaped(finding.message)} |`);
  const table = rows.length === 0 ? [] : ["| verdict | what moved |", "| :-- | :-- |", ...rows, ""];
  return [
    `### Recommendation quality: ${passed ? "passed" : "failed"}`,
    "",
    summaryLine(findings),
    "",
    ...table,
    ...hints.flatMap((hint) => [escaped(hint), ""]),
  ].join("\n");
}

const LABELS: Readonly<Record<Verdict, string>> = {
  equal: "equal",
  better: "better",
  moved: "moved",
  new: "new",
  worse: "WORSE",
  missing: "MISSING",
  "not-finite": "NOT FINITE",
  "not-comparable": "NOT COMPARABLE",
  slower: "SLOWER",
};

const LABEL_WIDTH = 14;

function label({ verdict }: Finding): string {
  return LABELS[verdict];
}

function ordered(findings: readonly Finding[]): Finding[] {
  const rank = (finding: Finding) => (fails(finding) ? 0 : finding.verdict === "better" ? 1 : 2);
  return findings.filter(({ verdict }) => verdict !== "equal").sort((a, b) => rank(a) - rank(b));
}

function escaped(text: string): string {
  return text.replaceAll(/[\\`*_|<>[\]]/g, String.raw`\$&`).replaceAll(/\s+/g, " ");
}
