import type { Cell, TableView } from "../view.js";
import { markup, type Markup } from "./markup.js";

/** What the page needs to know of a column besides its cells. */
export interface HtmlColumn {
  /** Shown before all columns are asked for. */
  readonly main: boolean;
  /** Which order a first click gives: the best first. */
  readonly first: "ascending" | "descending";
}

/** What the page needs to know of a line besides its cells. */
export interface HtmlLine {
  readonly name: string;
  readonly kind: string;
}

/** A table for eyes as HTML that the page's script can sort; the sections are not ruled, since sorting mixes them. */
export function sortableTable(
  view: TableView,
  options: {
    readonly className: string;
    readonly caption: string;
    readonly columnOf: (at: number) => HtmlColumn;
    readonly lines?: readonly HtmlLine[];
  },
): Markup {
  const heads = view.columns.map(({ name, align }, at) => {
    const { main, first } = options.columnOf(at);
    return markup`<th scope="col" class="${align}" data-main="${main ? "yes" : "no"}" data-first="${first}">
      <button type="button">${broken(name)}</button>
    </th>`;
  });
  const lines = view.sections.flat().map((cells, n) => {
    const line = options.lines?.[n];
    const named = line === undefined ? null : markup` data-row="${line.name}" data-kind="${line.kind}"`;
    return markup`<tr${named}>${cells.map((cell, at) => tableCell(cell, at, view, line))}</tr>\n`;
  });
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${options.caption}">
    <table class="sortable ${options.className}">
      <caption>
        ${options.caption}
      </caption>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${lines}
      </tbody>
    </table>
  </div>`;
}

function tableCell(cell: Cell, at: number, view: TableView, line: HtmlLine | undefined): Markup {
  if (at === 0) {
    const kind = line === undefined ? null : markup` class="kind kind-${line.kind}"`;
    return markup`<th scope="row"><span${kind}>${cell.text}</span></th>`;
  }
  const { align } = view.columns[at];
  const mark =
    cell.mark === undefined ? markup`${cell.text}` : markup`<span class="${cell.mark}">${cell.text}</span>`;
  const sign =
    cell.sign === undefined ? null : markup`<span title="${signTitle(cell.sign)}">${cell.sign}</span>`;
  const spread = cell.spread === undefined ? null : markup` <span class="spread">± ${cell.spread}</span>`;
  const value = align === "left" ? null : markup` data-v="${numberIn(cell)}"`;
  return markup`<td class="${align}" ${value}>${mark}${sign}${spread}</td>`;
}

function signTitle(sign: string): string {
  const said = [
    ...(sign.includes("*") ? ["significantly better"] : []),
    ...(sign.includes("†") ? ["significantly worse"] : []),
  ];
  return said.join(", ");
}

/** The figure that a cell is sorted by; empty where it has none. */
function numberIn({ value, text }: Cell): string {
  const number = value ?? Number(text.replaceAll(",", ""));
  return Number.isFinite(number) ? String(number) : "";
}

/** A long metric name may break before its setting. */
function broken(name: string): Markup {
  const slash = name.indexOf("/");
  return slash < 0 ? markup`${name}` : markup`${name.slice(0, slash)}<wbr />${name.slice(slash)}`;
}
