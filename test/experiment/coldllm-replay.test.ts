import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { FIRST_USERS, replayColdLlm, type ReplayRequest } from "../../src/experiment/coldllm-replay.js";
import { coldLlmReplayJson, renderColdLlmReplay } from "../../src/report/coldllm-replay.js";
import { failureOf, folderOf } from "../data/readers/files.js";

/** Two tastes by parity. Of 40 items the last 10 are cold, 5 of validation and 5 of test. */
function citeulike(users: number): Record<string, string> {
  const random = Random.fromSeed("citeulike");
  const parts: Record<string, string[]> = {
    warm_emb: [],
    warm_val: [],
    warm_test: [],
    cold_item_val: [],
    cold_item_test: [],
  };
  const lines: string[] = [];
  for (let user = 0; user < users; user++) {
    const own: number[] = [];
    for (let item = 0; item < 40; item++) {
      if (item !== user % 30 && !(item % 2 === user % 2 && random.uniform() < 0.4)) continue;
      own.push(item);
      const draw = random.uniform();
      const part =
        item >= 35
          ? "cold_item_test"
          : item >= 30
            ? "cold_item_val"
            : item === user % 30 || draw < 0.6
              ? "warm_emb"
              : draw < 0.75
                ? "warm_val"
                : "warm_test";
      parts[part].push(`${user},${item}`);
    }
    lines.push([own.length, ...own].join(" "));
  }
  const candidates = Array.from({ length: 10 }, (_, n) => n + 30).flatMap((item) =>
    Array.from(random.sample(users, 8), (user) => [item, user] as const),
  );
  const answer = (item: number, user: number) => (item % 2 === user % 2 ? "Yes" : "No");
  return {
    "users.dat": lines.join("\n"),
    "item-tag.dat": Array.from({ length: 40 }, (_, item) => `1 ${item % 2}`).join("\n"),
    "tags.dat": "even\nodd\n",
    ...Object.fromEntries(
      Object.entries(parts).map(([name, rows]) => [
        `coldllm/${name}.csv`,
        ["user,item", ...rows, ""].join("\n"),
      ]),
    ),
    "coldllm/top20_0120.csv": [
      "item_id,user_id,clk/no",
      ...candidates.map(([item, user]) => `${item},${user},1`),
      "",
    ].join("\n"),
    "coldllm/CiteULike_askllama_llamawidetower20_0105.csv": [
      "item_id,user_id,clk/no",
      ...candidates.map(([item, user]) => `${item},${user},${answer(item, user)}`),
      "",
    ].join("\n"),
  };
}

const request = (data: string, out: string): ReplayRequest => ({
  data,
  out,
  backbones: ["als"],
  seeds: [1],
  fresh: false,
  cache: join(out, "cache"),
  arguments: [],
  progress: silentProgress(),
  signal: new AbortController().signal,
});

describe("the replay of ColdLLM", () => {
  it("scores every arm, beside the paper, and a second run finds the same without fitting", async () => {
    const data = folderOf(citeulike(50));
    const out = folderOf({});
    const replay = await replayColdLlm(request(data, out));
    expect(replay.rows.map(({ recommender }) => recommender)).toEqual([
      "content-knn",
      "als",
      "coldllm",
      "coldllm-filter",
      "coldllm-filter-top",
      "coldllm-sample",
      "coldllm-content",
      "coldllm-popular",
      "coldllm-random",
    ]);
    const [, backbone, yes] = replay.rows;
    expect(backbone.diagnostics).toEqual({});
    expect(yes.diagnostics["simulated-pairs/filter"]).toBe(80);
    expect(yes.diagnostics.adoption).toBeCloseTo(yes.diagnostics["simulated-pairs/pairs"] / 80, 12);
    // Cold: 10 items, all of which fit into the 20 places.
    expect(yes.figures["recall@20/cold"]).toBe(1);
    expect(yes.figures["ndcg@20/cold"]).toBeGreaterThan(backbone.figures["ndcg@20/cold"]);
    // Fewer users than the official evaluator looks at: the same figures.
    for (const { figures, firstUsers } of replay.rows)
      for (const [name, value] of Object.entries(figures)) expect(firstUsers[name]).toBeCloseTo(value, 12);

    const again = await replayColdLlm(request(data, out));
    expect(coldLlmReplayJson(again)).toEqual(coldLlmReplayJson(replay));
    expect(JSON.parse(await readFile(join(replay.runs.als, "cost.json"), "utf8"))).toHaveProperty("coldllm");
  }, 60_000);

  it("shows the first users apart, and the paper's figures beside ours", () => {
    const figures = Object.fromEntries(
      ["cold", "warm", "overall"].flatMap((setting) => [
        [`recall@20/${setting}`, 0.5],
        [`ndcg@20/${setting}`, 0.25],
      ]),
    );
    const row = {
      backbone: "lightgcn" as const,
      recommender: "coldllm",
      figures,
      firstUsers: { ...figures, "recall@20/cold": 0.4321 },
      diagnostics: { adoption: 0.86, "simulated-pairs/pairs": 58382, "real-pair/pairs": 0.06 },
      published: {
        cold: [0.3601, 0.2126],
        warm: [0.3252, 0.2156],
        overall: [0.2285, 0.1747],
      },
    } as const;
    const text = renderColdLlmReplay(
      { rows: [row], seeds: [1], split: "published", notes: ["A note."], runs: {} },
      "md",
      { width: 100, ansi: false },
    );
    expect(text).toContain("| lightgcn | Yes pairs (ColdLLM) | all users | 0.5000 |");
    expect(text).toContain(`first ${FIRST_USERS.toLocaleString("en")} users | 0.4321 |`);
    expect(text).toContain("| paper | 0.3601 | 0.2126 | 0.3252 |");
    expect(text).toContain("| 58,382 | - | - | 0.0600 | 0.0615 | - | 0.8600 | 0.8596 |");
    expect(text).toContain("A note.");
  });

  it("names the file that is missing", async () => {
    const filter = "coldllm/top20_0120.csv";
    const files = Object.fromEntries(Object.entries(citeulike(50)).filter(([name]) => name !== filter));
    expect(await failureOf(replayColdLlm(request(folderOf(files), folderOf({}))))).toMatchObject({
      exit: 3,
      code: "FILE_NOT_FOUND",
      file: expect.stringContaining("top20_0120.csv") as string,
    });
  });
});
