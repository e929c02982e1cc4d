/** One printed cell. Its text is final, apart from each format's escapes. */
export interface Cell {
  readonly text: string;
  /** The figure behind the text, to sort by; what the text says where it is left out. */
  readonly value?: number;
  /** Printed after the text with a plus-minus sign: half an interval or a standard deviation. */
  readonly spread?: string;
  readonly mark?: "best" | "second";
  /** A significance mark from outside, such as `*`, printed after the text. */
  readonly sign?: string;
}

export interface ViewColumn {
  /** The whole name, for formats with one header line. */
  readonly name: string;
  /** Upper header line, shared by neighbours of the same group; empty for none. */
  readonly group: string;
  /** Lower header line. */
  readonly title: string;
  readonly align: "left" | "right";
}

/**
 * A table ready to print, the same for every format read by eyes: terminal, Markdown, LaTeX, HTML.
 * The sections are groups of lines with a rule between them.
 */
export interface TableView {
  readonly title: string;
  /** Name for references: letters, digits and hyphens. */
  readonly label: string;
  /** How many columns on the left name the line; they are repeated where a table is too wide. */
  readonly keys: number;
  readonly columns: readonly ViewColumn[];
  readonly sections: readonly (readonly (readonly Cell[])[])[];
  /** What the marks mean; for formats that show them. */
  readonly legend: string;
  /** Sentences under the table. */
  readonly notes: readonly string[];
}

/** The sign of a cell without a value. */
export const MISSING = "-";

/** `recall@20/cold` as metric `recall@20` and setting `cold`; a name without a slash has the setting "". */
export function splitMetric(name: string): { metric: string; setting: string } {
  const slash = name.indexOf("/");
  return slash < 0
    ? { metric: name, setting: "" }
    : { metric: name.slice(0, slash), setting: name.slice(slash + 1) };
}

/** A task's name as the head of a sentence: `cold-start` is "Cold start". */
export function taskTitle(task: string): string {
  if (task === "ctr") return "CTR";
  const words = task.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Lower-case letters, digits and hyphens only, for file names and labels. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
}
