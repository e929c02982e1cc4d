import type { Cell, TableView, ViewColumn } from "./view.js";

export interface TextOptions {
  /** Columns of the terminal; a wider table is continued below with the line names repeated. */
  readonly width: number;
  /** Bold and underline by escape codes. */
  readonly ansi: boolean;
}

/** True where escape codes are welcome: a terminal, and NO_COLOR (https://no-color.org) not set to anything. */
export function wantsAnsi(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  const refused = (environment.NO_COLOR ?? "") !== "" || environment.TERM === "dumb";
  return stream.isTTY === true && !refused;
}

const GAP = "  ";
/** A dash and a space on either side of a group's name. */
const HEADING_FRAME = 4;

/** The table as aligned text with a final newline. */
export function toText(view: TableView, options: TextOptions): string {
  const layouts = layoutsOf(view);
  const blocks = blocksOf(view, layouts, options.width).map((columns) =>
    block(view, layouts, columns, options),
  );
  const below = [...(options.ansi ? [view.legend] : []), ...view.notes];
  const notes = below.flatMap((note) => wrap(note, options.width));
  return [view.title, "", ...blocks.flatMap((lines) => [...lines, ""]), ...notes].join("\n") + "\n";
}

/** A value and its spread are aligned separately, so that the figures stand under each other. */
interface Layout {
  readonly value: number;
  readonly sign: number;
  readonly spread: number;
  readonly width: number;
}

/** Each column's own layout, the first of a group widened where the group's name needs more room. */
function layoutsOf(view: TableView): Layout[] {
  const layouts = view.columns.map((column, at) => layoutOf(column, at, view));
  for (const { name, from, to } of groupsOf(view.columns)) {
    const width = layouts.slice(from, to).reduce((sum, each) => sum + each.width + GAP.length, -GAP.length);
    const lack = name === "" ? 0 : name.length + HEADING_FRAME - width;
    if (lack > 0) layouts[from] = { ...layouts[from], width: layouts[from].width + lack };
  }
  return layouts;
}

function layoutOf(column: ViewColumn, at: number, view: TableView): Layout {
  const cells = view.sections.flatMap((lines) => lines.map((line) => line[at]));
  const value = Math.max(0, ...cells.map((cell) => cell.text.length));
  const sign = Math.max(0, ...cells.map((cell) => cell.sign?.length ?? 0));
  const spread = Math.max(
    0,
    ...cells.map((cell) => (cell.spread === undefined ? 0 : cell.spread.length + 2)),
  );
  return { value, sign, spread, width: Math.max(value + sign + spread, column.title.length) };
}

/** Which columns stand in which block: what shares a header stays together where it fits. */
function blocksOf(view: TableView, layouts: readonly Layout[], width: number): number[][] {
  const keys = view.columns.slice(0, view.keys).map((_column, at) => at);
  const room = width - span(keys, layouts) + GAP.length;
  const blocks: number[][] = [[]];
  for (const unit of unitsOf(view)) {
    const parts = span(unit, layouts) <= room ? [unit] : unit.map((at) => [at]);
    for (const part of parts) {
      const last = blocks[blocks.length - 1];
      if (last.length > 0 && span([...last, ...part], layouts) > room) blocks.push([...part]);
      else last.push(...part);
    }
  }
  return blocks.map((columns) => [...keys, ...columns]);
}

function unitsOf({ columns, keys }: TableView): number[][] {
  return groupsOf(columns)
    .filter(({ from }) => from >= keys)
    .map(({ from, to }) => Array.from({ length: to - from }, (_empty, at) => from + at));
}

function span(columns: readonly number[], layouts: readonly Layout[]): number {
  return columns.reduce((sum, at) => sum + layouts[at].width + GAP.length, 0);
}

/** Runs of neighbouring columns with the same group; columns without one stand alone. */
export function groupsOf(columns: readonly ViewColumn[]): { name: string; from: number; to: number }[] {
  const groups: { name: string; from: number; to: number }[] = [];
  columns.forEach(({ group }, at) => {
    const last = groups.at(-1);
    if (last !== undefined && group !== "" && last.name === group) last.to = at + 1;
    else groups.push({ name: group, from: at, to: at + 1 });
  });
  return groups;
}

function block(
  view: TableView,
  layouts: readonly Layout[],
  columns: readonly number[],
  { ansi }: TextOptions,
): string[] {
  const chosen = columns.map((at) => view.columns[at]);
  const widths = columns.map((at) => layouts[at].width);
  const upper = groupsOf(chosen).map(({ name, from, to }) => {
    const width = widths.slice(from, to).reduce((sum, each) => sum + each + GAP.length, -GAP.length);
    return heading(name, width);
  });
  const titles = chosen.map(({ title, align }, at) => pad(title, widths[at], align));
  const rule = "-".repeat(widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length));
  const body = view.sections.flatMap((lines) => [
    rule,
    ...lines.map((line) =>
      columns.map((at) => printed(line[at], layouts[at], view.columns[at], ansi)).join(GAP),
    ),
  ]);
  const head = chosen.some(({ group }) => group !== "") ? [upper.join(GAP)] : [];
  return [...head, titles.join(GAP), ...body].map((line) => line.trimEnd());
}

/** `-- cold --` over the columns of a group; cut where they are narrower than its name. */
function heading(name: string, width: number): string {
  if (name === "") return " ".repeat(width);
  if (name.length + HEADING_FRAME > width) return name.slice(0, width).padStart(width);
  const left = Math.floor((width - name.length - 2) / 2);
  return `${"-".repeat(left)} ${name} ${"-".repeat(width - name.length - 2 - left)}`;
}

function printed(cell: Cell, layout: Layout, { align }: ViewColumn, ansi: boolean): string {
  const gap = " ".repeat(layout.value - cell.text.length);
  const marked = ansi ? withAnsi(cell.text, cell.mark) : cell.text;
  const value = align === "left" ? marked + gap : gap + marked;
  const sign = (cell.sign ?? "").padEnd(layout.sign);
  const spread = (cell.spread === undefined ? "" : ` ±${cell.spread}`).padEnd(layout.spread);
  const rest = " ".repeat(layout.width - layout.value - layout.sign - layout.spread);
  return align === "left" ? value + sign + spread + rest : rest + value + sign + spread;
}

function withAnsi(text: string, mark: Cell["mark"]): string {
  if (mark === "best") return `\u001B[1m${text}\u001B[22m`;
  return mark === "second" ? `\u001B[4m${text}\u001B[24m` : text;
}

function pad(text: string, width: number, align: "left" | "right"): string {
  return align === "left" ? text.padEnd(width) : text.padStart(width);
}

function wrap(sentence: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of sentence.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
