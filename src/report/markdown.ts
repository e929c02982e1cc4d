import type { Cell, TableView } from "./view.js";

/** The table in GitHub's Markdown: best bold, second in italics, notes as a list below. */
export function toMarkdown(view: TableView): string {
  const header = line(view.columns.map(({ name }) => escaped(name)));
  const align = line(view.columns.map(({ align: side }) => (side === "left" ? ":--" : "--:")));
  const rows = view.sections.flat().map((cells) => line(cells.map(printed)));
  const notes = [view.legend.replace("underlined", "in italics"), ...view.notes].filter(
    (note) => note !== "",
  );
  return [
    `### ${escaped(view.title)}`,
    "",
    header,
    align,
    ...rows,
    "",
    ...notes.map((note) => `- ${escaped(note)}`),
    "",
  ].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function printed(cell: Cell): string {
  const text = escaped(cell.text);
  const marked = cell.mark === "best" ? `**${text}**` : cell.mark === "second" ? `*${text}*` : text;
  return marked + escaped(cell.sign ?? "") + (cell.spread === undefined ? "" : ` ±${cell.spread}`);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\`*_|<>[\]]/g, String.raw`\$&`).replaceAll(/\s+/g, " ");
}
