import {
  type ColdLlmReplay,
  type ColdLlmReplayRow,
  FIRST_USERS,
  REPLAY_METRICS,
  type ReplayFigures,
} from "../experiment/coldllm-replay.js";
import { PUBLISHED_PAIRS, type PublishedFigures } from "../methods/coldllm/published.js";
import { toMarkdown } from "./markdown.js";
import { fixed, integer } from "./numbers.js";
import { type TextOptions, toText } from "./text.js";
import { type Cell, MISSING, splitMetric, type TableView } from "./view.js";

/** The tables of a replay, for a terminal or as Markdown. */
export function renderColdLlmReplay(
  replay: ColdLlmReplay,
  format: "text" | "md",
  options: TextOptions,
): string {
  const views = [figuresTable(replay), pairsTable(replay)];
  return views.map((view) => (format === "md" ? toMarkdown(view) : toText(view, options))).join("\n");
}

/** A replay as JSON: all figures, without the places of its run folders. */
export function coldLlmReplayJson({ rows, seeds, split, notes }: ColdLlmReplay): Record<string, unknown> {
  return { split, seeds, firstUsers: FIRST_USERS, rows, notes };
}

const NAMES: Readonly<Record<string, string>> = {
  coldllm: "Yes pairs (ColdLLM)",
  "coldllm-filter": "all filtered pairs",
  "coldllm-filter-top": "as many first filtered pairs",
  "coldllm-sample": "as many random filtered pairs",
  "coldllm-content": "as many users nearest by tags",
  "coldllm-popular": "as many active users",
  "coldllm-random": "as many random users",
};

function figuresTable({ rows, split, seeds, notes }: ColdLlmReplay): TableView {
  const columns = ["backbone", "pairs for cold items", "figures"].map((name) => ({
    ...{ name, group: "", title: name },
    align: "left" as const,
  }));
  const metrics = REPLAY_METRICS.map((name) => {
    const { metric, setting } = splitMetric(name);
    return { name, group: setting, title: metric, align: "right" as const };
  });
  const few = `first ${integer(FIRST_USERS)} users`;
  return {
    title: "ColdLLM's published answers on CiteULike",
    label: "coldllm-replay",
    keys: 3,
    columns: [...columns, ...metrics],
    sections: byBackbone(rows).map((section) =>
      section.flatMap((row) => {
        const key = [row.backbone, nameOf(row)];
        const lines = [
          [...key, "all users", ...figureCells(row.figures)],
          [...key, few, ...figureCells(row.firstUsers)],
        ];
        if (row.published !== null) lines.push([...key, "paper", ...figureCells(figuresOf(row.published))]);
        return lines.map(cells);
      }),
    ),
    legend: "",
    notes: [
      `Split: ${split}. ${seeds.length === 1 ? "Seed" : "Mean of the seeds"}: ${seeds.join(", ")}.`,
      `"all users" are ours; "${few}" are the same for the part of the users that the official evaluator looks at, in the order of their numbers.`,
      ...notes,
    ],
  };
}

function pairsTable({ rows }: ColdLlmReplay): TableView {
  const names = [
    "pairs",
    "users reached",
    "items reached",
    "RealPair",
    "paper",
    "val. + test",
    "adoption",
    "paper ",
  ];
  const seen = new Set<string>();
  const distinct = rows.filter(({ recommender, diagnostics }) => {
    if (seen.has(recommender) || Object.keys(diagnostics).length === 0) return false;
    seen.add(recommender);
    return true;
  });
  return {
    title: "Simulated pairs",
    label: "coldllm-replay-pairs",
    keys: 1,
    columns: [
      { name: "pairs for cold items", group: "", title: "pairs for cold items", align: "left" },
      ...names.map((name) => ({ name: name.trim(), group: "", title: name.trim(), align: "right" as const })),
    ],
    sections: [
      distinct.map((row) => {
        const { diagnostics: found } = row;
        const published = Object.hasOwn(PUBLISHED_PAIRS, row.recommender)
          ? PUBLISHED_PAIRS[row.recommender]
          : undefined;
        const share = (value: number | undefined) => (value === undefined ? MISSING : fixed(value, 4));
        return cells([
          nameOf(row),
          ...["simulated-pairs", "users-reached", "items-reached"].map((name) =>
            integer(found[`${name}/pairs`]),
          ),
          share(found["real-pair/pairs"]),
          share(published?.realPair),
          share(found["real-pair-held-out/pairs"]),
          share(found.adoption),
          share(published?.adoption),
        ]);
      }),
    ],
    legend: "",
    notes: [
      "RealPair: share of simulated pairs that are cold test pairs; val. + test: that are cold validation or test pairs. They are predictions: none is left out of a ranking.",
    ],
  };
}

function byBackbone(rows: readonly ColdLlmReplayRow[]): ColdLlmReplayRow[][] {
  const backbones = Array.from(new Set(rows.map(({ backbone }) => backbone)));
  return backbones.map((backbone) => rows.filter((row) => row.backbone === backbone));
}

function nameOf({ recommender, backbone }: ColdLlmReplayRow): string {
  return recommender === backbone ? "none" : NAMES[recommender];
}

function figuresOf(published: PublishedFigures): ReplayFigures {
  return Object.fromEntries(
    (["cold", "warm", "overall"] as const).flatMap((setting) => [
      [`recall@20/${setting}`, published[setting][0]],
      [`ndcg@20/${setting}`, published[setting][1]],
    ]),
  );
}

function figureCells(figures: ReplayFigures): string[] {
  return REPLAY_METRICS.map((name) => fixed(figures[name], 4));
}

function cells(texts: readonly string[]): Cell[] {
  return texts.map((text) => ({ text }));
}
