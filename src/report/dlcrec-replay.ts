import {
  ASKED_GENRES,
  type RivalRow,
  type Rivals,
  type RivalScores,
} from "../methods/dlcrec/replay/rivals.js";
import { type Replay, type ReplayRow, reproduces, toleranceOf } from "../methods/dlcrec/replay/replay.js";
import type { ListReplay } from "../methods/dlcrec/replay/lists.js";
import { toMarkdown } from "./markdown.js";
import { fixed, signed } from "./numbers.js";
import { type TextOptions, toText } from "./text.js";
import { type Cell, MISSING, type TableView } from "./view.js";

/** The tables of a replay, for a terminal or as Markdown. */
export function renderReplay(replay: Replay, format: "text" | "md", options: TextOptions): string {
  const views = [listTable(replay), gpTable(replay), gfTable(replay)];
  return views.map((view) => (format === "md" ? toMarkdown(view) : toText(view, options))).join("\n");
}

/** A replay as JSON: all figures, without the lists. */
export function replayJson({ lists, gp, gf }: Replay): Record<string, unknown> {
  return {
    lists: lists.map((row) => {
      const { titles, exact, missing, fromHistory, scores } = row.replay;
      return { ...row, replay: { titles, exact, missing, fromHistory, scores }, reproduces: reproduces(row) };
    }),
    gp,
    gf,
  };
}

const LIST_METRICS = ["NDCG", "HR", "REP_RATE", "DIV", "COV", "MAE_COV", "MATCH_T", "MATCH_P"];

function listTable({ lists }: Replay): TableView {
  const figures = (scores: Readonly<Record<string, number>>) =>
    LIST_METRICS.map((name) => cell(name in scores ? fixed(scores[name], 4) : MISSING));
  const share = ({ exact, titles }: ListReplay) => fixed((100 * exact) / titles, 1);
  const verdict = (row: ReplayRow<ListReplay>) => {
    const within = reproduces(row);
    if (within === null) return MISSING;
    const { ndcg, genres } = toleranceOf(row.replay);
    return `${within ? "within" : "NOT within"} ${fixed(100 * ndcg, 0)} %, ${fixed(genres, 2)}`;
  };
  return view({
    title: "Lists: published answers scored here, and as published",
    label: "dlcrec-replay-lists",
    keys: 3,
    columns: ["Model", "N", "", "Exact %", "Missing", ...LIST_METRICS, "Near"],
    sections: lists.map((row) => [
      [
        ...[row.label, numberOf(row.genres), "here", share(row.replay), String(row.replay.missing)].map(cell),
        ...figures(row.replay.scores),
        cell(verdict(row)),
      ],
      ...(row.published === null
        ? []
        : [[...["", "", "published", "", ""].map(cell), ...figures(row.published), cell("")]]),
    ]),
    notes: [
      "Exact: titles that are an item's letter for letter; the others go to the nearest by letter trigrams here, by " +
        "embeddings of Llama-3 as published. Missing: places without a title, grounded as the text NaN.",
      "Near: NDCG within 3 % and COV and MAE_COV within .06 of the published where at least 95 % are exact, else 8 % and .2.",
    ],
  });
}

function gpTable({ gp }: Replay): TableView {
  return view({
    title: "GP: does the model name as many genres as it is asked for?",
    label: "dlcrec-replay-gp",
    keys: 1,
    columns: ["N", "Mean error", "Obeyed %", "Recall of true genres"],
    sections: [
      gp.map(({ genres, replay }) =>
        [
          numberOf(genres),
          fixed(replay.controlError, 4),
          fixed(100 * replay.obeyed, 1),
          fixed(replay.recall, 4),
        ].map(cell),
      ),
    ],
    notes: ["Nothing was published for these files."],
  });
}

const GF_METRICS = ["MAE", "RECALL", "RECALL_LIST", "MAE_GP", "RECALL_GP"];

function gfTable({ gf }: Replay): TableView {
  const figures = (scores: Readonly<Record<string, number>>) =>
    GF_METRICS.map((name) => cell(name in scores ? fixed(scores[name], 4) : MISSING));
  return view({
    title: "GF: does the model use the genres that it is given?",
    label: "dlcrec-replay-gf",
    keys: 3,
    columns: ["Model", "N", "", "Unparsed", ...GF_METRICS],
    sections: gf.map(({ label, genres, replay, published }) => [
      [...[label, numberOf(genres), "here", String(replay.unparsed)].map(cell), ...figures(replay.scores)],
      ...(published === null ? [] : [[...["", "", "published", ""].map(cell), ...figures(published)]]),
    ]),
    notes: ["An unparsed answer adds 0 to every sum, as published. N = true: the true list's own number."],
  });
}

/** The published test cases answered by recommenders without a language model, for a terminal or as Markdown. */
export function renderRivals(rivals: Rivals, format: "text" | "md", options: TextOptions): string {
  return format === "md" ? toMarkdown(rivalTable(rivals)) : toText(rivalTable(rivals), options);
}

/** The kinds of rows, in the order of the table's sections. */
const KINDS = ["ceiling", "published", "classic"] as const;

function rivalTable({ rows, duels, cases, overlapping }: Rivals): TableView {
  const figures = (scores: RivalScores | undefined): Cell[] =>
    scores === undefined
      ? Array.from({ length: 4 }, () => cell(MISSING))
      : [
          { text: fixed(scores.ndcg, 4), spread: fixed(scores.halfWidth, 4) },
          ...[fixed(scores.ndcgFresh, 4), fixed(scores.cov, 3), fixed(scores.mae, 3)].map(cell),
        ];
  const group = (genres: number) =>
    ["NDCG", "NDCG fresh", "COV", "MAE"].map((title) => ({ group: `N = ${genres}`, title }));
  return {
    title: "Who wins without a language model? The same cases, trained on the same 1,000 windows",
    label: "dlcrec-replay-rivals",
    keys: 1,
    columns: [
      { name: "Lists", group: "", title: "Lists", align: "left" },
      ...ASKED_GENRES.flatMap(group).map((column) => ({
        ...column,
        name: `${column.title}, ${column.group}`,
        align: "right" as const,
      })),
    ],
    sections: KINDS.map((kind) => [
      ...rows
        .filter((row) => row.kind === kind)
        .map(({ name, scores }) => [
          cell(name),
          ...ASKED_GENRES.flatMap((genres) => figures((scores as Partial<RivalRow["scores"]>)[genres])),
        ]),
      ...(kind === "published" ? [paperLine()] : []),
    ]),
    legend: "",
    notes: [
      `${cases} cases. NDCG, COV and MAE as DLCRec defines them; ± is half a 95 % interval over cases. Fresh: without the ` +
        `${overlapping} cases that share seven or more targets with one training window.`,
      ...duels.map(
        ({ genres, classic, published, difference, p }) =>
          `N = ${genres}: ${classic} less ${published} is ${signed(difference, 4)} NDCG (paired t test p = ${p.toPrecision(2)}), ` +
          "among those that keep to the number at least as well.",
      ),
      "Published lists are those of the replication, grounded here; the paper's DLCRec is its own table 2, on the same sample of cases.",
    ],
  };
}

/** The paper's own DLCRec row (Chen et al., WSDM 2025, table 2, MovieLens): NDCG, COV, MAE_COV by N. */
const PAPER: Readonly<Record<(typeof ASKED_GENRES)[number], readonly [number, number, number]>> = {
  2: [0.0357, 2.478, 0.798],
  5: [0.045, 4.468, 0.662],
  8: [0.0436, 7.495, 0.511],
};

function paperLine(): Cell[] {
  return [
    cell("DLCRec (the paper's figures)"),
    ...ASKED_GENRES.flatMap((genres) => {
      const [ndcg, cov, mae] = PAPER[genres];
      return [fixed(ndcg, 4), MISSING, fixed(cov, 3), fixed(mae, 3)].map(cell);
    }),
  ];
}

function numberOf(genres: number | null): string {
  return genres === null ? "true" : String(genres);
}

function cell(text: string): Cell {
  return { text };
}

/** A table whose columns have no groups and whose keys stand on the left. */
function view(table: {
  readonly title: string;
  readonly label: string;
  readonly keys: number;
  readonly columns: readonly string[];
  readonly sections: readonly (readonly (readonly Cell[])[])[];
  readonly notes: readonly string[];
}): TableView {
  return {
    ...table,
    legend: "",
    columns: table.columns.map((title, at) => ({
      name: title,
      group: "",
      title,
      align: at < table.keys ? "left" : "right",
    })),
  };
}
