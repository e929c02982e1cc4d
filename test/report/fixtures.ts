import type { Cost } from "../../src/core/cost.js";
import type { CostSheet, MetricValue, Scoreboard, ScoreRow } from "../../src/experiment/scoreboard.js";

/** A cost of so many seconds, with calls and a price where given. */
export function costOf(
  fitSeconds: number,
  answerSeconds: number,
  llmCalls = 0,
  usd: number | null = null,
): Cost {
  return {
    fitSeconds,
    answerSeconds,
    llmCalls,
    promptTokens: llmCalls * 80,
    completionTokens: llmCalls * 2,
    usd,
  };
}

/** A value with an interval of the given half width. */
export function valueOf(
  mean: number,
  half: number | null = null,
  n = 1200,
  sd: number | null = null,
): MetricValue {
  return { mean, sd, ci95: half === null ? null : [mean - half, mean + half], n };
}

/** Four recommenders, two controls; a tie for best, a missing metric, a metric of each direction and of none. */
export function smallScoreboard(): Scoreboard {
  const row = (
    recommender: string,
    kind: ScoreRow["kind"],
    cold: number,
    warm: number | null,
    loss: number,
    bias: number,
  ): ScoreRow => ({
    recommender,
    kind,
    metrics: {
      "recall@20/cold": valueOf(cold, 0.01),
      ...(warm === null ? {} : { "recall@20/warm": valueOf(warm, 0.02, 1480, 0.003) }),
      logloss: valueOf(loss, null, 9000),
      bias: valueOf(bias, null, 9000),
    },
  });
  return {
    schemaVersion: 1,
    task: "cold-start",
    dataset: "world_small",
    dataHash: "d".repeat(64),
    splitHash: "5".repeat(64),
    split: "20 % of the items are cold",
    seeds: [1],
    columns: [
      { name: "recall@20/cold", better: "higher", main: true },
      { name: "recall@20/warm", better: "higher", main: true },
      { name: "logloss", better: "lower", main: true },
      { name: "bias", better: null, main: false },
    ],
    rows: [
      row("oracle", "control", 0.61234567890123, 0.5, 0.3, 12.5),
      row("random", "control", 0.0059, 0.0061, 0.6931, 0),
      row("item_knn", "classic", 0.30002, 0.31, 0.45, -3),
      row("als", "classic", 0.1 + 0.2, 0.29, 0.4, 22.25),
      row("coldllm", "llm", 0.25, null, 0.5, 4),
    ],
    notes: ["Made by the embedded model: says nothing about a large one."],
  };
}

export function smallCost(): CostSheet {
  return {
    oracle: costOf(0, 0.0002),
    random: costOf(0, 0.01),
    item_knn: costOf(0.3, 0.5),
    als: costOf(5.2, 0.3),
    coldllm: costOf(1180, 54, 4000, 0.0123),
  };
}

const NAMES =
  "random popularity item-knn user-knn ease als content-knn coldllm coldllm-no-filter clcrec dropoutnet heater bpr lightgcn multi-vae slim nmf svd-plus-plus rp3beta graph-filter two-tower sasrec gru4rec coldllm-frozen oracle".split(
    " ",
  );

/** A result that looks real, of 4 to 25 recommenders: two metrics in three settings. Equal for equal arguments. */
export function realisticScoreboard(recommenders: number): { scoreboard: Scoreboard; cost: CostSheet } {
  const names = [...NAMES.slice(0, recommenders - 1), "oracle"];
  if (!names.includes("coldllm")) names.splice(-2, 1, "coldllm");
  const kindOf = (name: string): ScoreRow["kind"] =>
    name.startsWith("coldllm") ? "llm" : /random|popularity|oracle/.test(name) ? "control" : "classic";
  const settings = ["cold", "warm", "overall"];
  const metrics = ["recall@20", "ndcg@20"];
  const level = (name: string, at: number): number => {
    if (name === "random") return 0.006;
    if (name === "popularity") return 0.06;
    if (name === "oracle") return 0.52;
    return 0.08 + 0.24 * Math.abs(Math.sin(at * 2.399 + 1));
  };
  const rows = names.map((name, at): ScoreRow => {
    const values = metrics.flatMap((metric, m) =>
      settings.map((setting, s) => {
        const usable = setting === "cold" && /knn$|als|ease|popularity/.test(name) ? 0.03 : 1;
        const mean = level(name, at + s * 3) * (m === 0 ? 1 : 0.55) * Math.max(usable, 0.0059 / 0.2);
        const half = 0.004 + 0.08 * mean * (1 + Math.cos(at));
        return [`${metric}/${setting}`, valueOf(mean, half, 1200 + 280 * s)] as const;
      }),
    );
    return { recommender: name, kind: kindOf(name), metrics: Object.fromEntries(values) };
  });
  const cost = Object.fromEntries(
    names.map((name, at) => {
      const calls = kindOf(name) === "llm" ? 4000 : 0;
      const fit = calls > 0 ? 300 + 90 * at : 0.02 * Math.exp(((at * 37) % 23) / 3.3);
      return [
        name,
        costOf(name === "random" ? 0 : fit, 0.4 + 0.1 * (at % 5), calls, calls > 0 ? 0.42 : null),
      ];
    }),
  );
  return {
    scoreboard: {
      ...smallScoreboard(),
      dataset: "world",
      seeds: [1, 2, 3],
      columns: metrics.flatMap((metric) =>
        settings.map((setting) => ({ name: `${metric}/${setting}`, better: "higher" as const, main: true })),
      ),
      rows,
    },
    cost,
  };
}
