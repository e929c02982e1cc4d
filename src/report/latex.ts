import { groupsOf } from "./text.js";
import type { Cell, TableView } from "./view.js";

/**
 * The table as a LaTeX float that needs the packages booktabs and graphicx: best bold, second underlined, every name
 * escaped, the notes below the rules at footnote size; a table wider than its column is shrunk to it.
 */
export function toLatex(view: TableView): string {
  const spec = view.columns.map(({ align }) => (align === "left" ? "l" : "r")).join("");
  const rows = view.sections.map((lines) => lines.map((cells) => line(cells.map(printed))).join("\n"));
  return [
    String.raw`% Needs \usepackage{booktabs,graphicx}`,
    String.raw`\begin{table}[t]`,
    String.raw`\centering\small\setlength{\tabcolsep}{4pt}\setlength{\belowcaptionskip}{6pt}`,
    String.raw`\caption{${escapeLatex(view.title)}. ${escapeLatex(view.legend)}}`,
    String.raw`\label{tab:${view.label}}`,
    String.raw`\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%`,
    String.raw`\begin{tabular}{@{}${spec}@{}}`,
    String.raw`\toprule`,
    ...header(view),
    String.raw`\midrule`,
    rows.join("\n\\midrule\n"),
    String.raw`\bottomrule`,
    String.raw`\end{tabular}}`,
    String.raw`\par\smallskip`,
    String.raw`\begin{minipage}{\linewidth}\footnotesize`,
    view.notes.map(escapeLatex).join("\\par\n"),
    String.raw`\end{minipage}`,
    String.raw`\end{table}`,
    "",
  ].join("\n");
}

function header({ columns }: TableView): string[] {
  const titles = line(columns.map(({ title }) => escapeLatex(title)));
  const groups = groupsOf(columns);
  if (groups.every(({ name }) => name === "")) return [titles];
  const upper = groups.map(({ name, from, to }) =>
    name === "" ? "" : String.raw`\multicolumn{${to - from}}{c}{${escapeLatex(name)}}`,
  );
  const rules = groups
    .filter(({ name }) => name !== "")
    .map(({ from, to }) => String.raw`\cmidrule(lr){${from + 1}-${to}}`);
  return [line(upper), rules.join(""), titles];
}

function line(cells: readonly string[]): string {
  return `${cells.join(" & ")} \\\\`;
}

function printed(cell: Cell): string {
  const text = number(cell.text);
  const marked =
    cell.mark === "best"
      ? String.raw`\textbf{${text}}`
      : cell.mark === "second"
        ? String.raw`\underline{${text}}`
        : text;
  const sign = cell.sign === undefined ? "" : String.raw`\textsuperscript{${escapeLatex(cell.sign)}}`;
  const spread = cell.spread === undefined ? "" : String.raw` {\scriptsize$\pm$${cell.spread}}`;
  return marked + sign + spread;
}

/** A hyphen before a digit is a minus sign, not a hyphen. */
function number(text: string): string {
  return /^[+-]\d/.test(text) ? `$${text[0]}$${escapeLatex(text.slice(1))}` : escapeLatex(text);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": String.raw`\textbackslash{}`,
  "&": String.raw`\&`,
  "%": String.raw`\%`,
  $: String.raw`\$`,
  "#": String.raw`\#`,
  _: String.raw`\_`,
  "{": String.raw`\{`,
  "}": String.raw`\}`,
  "~": String.raw`\textasciitilde{}`,
  "^": String.raw`\textasciicircum{}`,
  "<": String.raw`\textless{}`,
  ">": String.raw`\textgreater{}`,
  "|": String.raw`\textbar{}`,
  '"': "''",
  "±": String.raw`$\pm$`,
  "×": String.raw`$\times$`,
  "†": String.raw`$\dagger$`,
  α: String.raw`$\alpha$`,
  "↓": String.raw`$\downarrow$`,
  "↑": String.raw`$\uparrow$`,
  "−": "$-$",
  "≤": String.raw`$\leq$`,
  "≥": String.raw`$\geq$`,
  "–": "--",
  "—": "---",
};

/** Text with every character that LaTeX would act on made harmless. */
export function escapeLatex(text: string): string {
  return text.replaceAll(/[\\&%$#_{}~^<>|"±×†α↓↑−≤≥–—]/g, (character) => ESCAPES[character]);
}
