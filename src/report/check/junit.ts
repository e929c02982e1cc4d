import { fails, type Finding } from "./verdicts.js";

/**
 * The findings as JUnit XML, the form that CI servers show as tests: a suite a result, a case a figure. It holds no clock,
 * so equal findings give equal files.
 */
export function toJunit(findings: readonly Finding[]): string {
  const suites = new Map<string, Finding[]>();
  for (const finding of findings) {
    const suite = suites.get(finding.result) ?? [];
    suites.set(finding.result, [...suite, finding]);
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="llmrec check" ${totals(findings)}>`,
    ...Array.from(suites, ([name, suite]) => suiteXml(name, suite)),
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteXml(name: string, findings: readonly Finding[]): string {
  return [
    `  <testsuite name="${escapeXml(name)}" ${totals(findings)}>`,
    ...findings.map(caseXml),
    "  </testsuite>",
  ].join("\n");
}

function totals(findings: readonly Finding[]): string {
  return `tests="${findings.length}" failures="${findings.filter(fails).length}" errors="0"`;
}

function caseXml(finding: Finding): string {
  const { result, recommender, metric, verdict, message } = finding;
  const className = [result, recommender].filter((part) => part !== null).join(".");
  const name = metric ?? (recommender === null ? "result" : "row");
  const head = `    <testcase classname="${escapeXml(className)}" name="${escapeXml(name)}"`;
  if (fails(finding)) {
    const text = escapeXml(message);
    return `${head}><failure type="${verdict}" message="${text}">${text}</failure></testcase>`;
  }
  return message === "" ? `${head}/>` : `${head}><system-out>${escapeXml(message)}</system-out></testcase>`;
}

/** Text for an attribute or an element: markup made harmless, characters that XML 1.0 can not hold left out. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
}
