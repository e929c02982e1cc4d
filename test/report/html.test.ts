import { mkdtemp, mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { SampleBook } from "../../src/experiment/samples.js";
import type { CostSheet, MetricColumn, Scoreboard } from "../../src/experiment/scoreboard.js";
import { curvesOf } from "../../src/report/html/curves.js";
import { embeddedJson, markup } from "../../src/report/html/markup.js";
import { writeReport } from "../../src/report/html/report.js";
import { recipeOf, shell } from "../../src/report/html/reproduce.js";
import { readRun } from "../../src/report/run.js";
import { type BrowserPage, findChromium, openPage } from "./chromium.js";
import { costOf, smallCost, smallScoreboard, valueOf } from "./fixtures.js";

const NASTY = `</script><img src=x onerror=alert(1)>"'&`;

const manifest = {
  schemaVersion: 1,
  command: "coldllm",
  arguments: ["--dataset", "world", "--set", "world.size=tiny", "--from", "refine=my answers.csv"],
  config: { dataset: "world", seeds: [1] },
  program: { version: "0.1.0", code: "c0de", node: "v20.0.0", git: { commit: "abc", dirty: true } },
};

const comparisons: Scoreboard["comparisons"] = {
  alpha: 0.05,
  results: [
    {
      recommender: "coldllm",
      to: "als",
      metric: "recall@20/cold",
      n: 900,
      difference: -0.05,
      ci95: [-0.07, -0.03],
      effectSize: -0.4,
      test: "t",
      p: { t: 0.001, wilcoxon: 0.002, bootstrap: 0.003 },
      adjusted: 0.002,
      verdict: "worse",
      detectable: 0.01,
    },
  ],
};

const samples: SampleBook = {
  schemaVersion: 1,
  titles: ["Heat", NASTY, "Ronin"],
  cases: ["u1", "u2", "u3"].map((name, at) => ({
    name,
    facts: [{ label: "training items", text: at === 1 ? "Alien" : "Brazil" }],
    relevant: { cold: [0], warm: [2] },
    answers: {
      als: { lists: { cold: [1, 0], warm: [2] }, values: { "recall@20/cold": at } },
      coldllm: { lists: { cold: [0, 1], warm: [0] }, values: { "recall@20/cold": 1 } },
    },
  })),
};

async function runFolder(scoreboard: Scoreboard, cost: CostSheet, book?: SampleBook): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), "llmrec-report-")), "coldllm-world-1a2b3c4d");
  await mkdir(folder);
  const files = { "manifest.json": manifest, "scoreboard.json": scoreboard, "cost.json": cost };
  for (const [name, value] of Object.entries({
    ...files,
    ...(book === undefined ? {} : { "samples.json": book }),
  }))
    await writeFile(join(folder, name), JSON.stringify(value));
  return folder;
}

/** As many rows and metrics as a user may ever have. */
function bigScoreboard(): { scoreboard: Scoreboard; cost: CostSheet } {
  const columns = Array.from({ length: 30 }, (_, at): MetricColumn => ({
    name: `recall@${at + 1}`,
    better: "higher",
    main: at < 4,
  }));
  const rows = Array.from({ length: 50 }, (_, at) => ({
    recommender: `model-${at}`,
    kind: "classic" as const,
    metrics: Object.fromEntries(
      columns.map(({ name }, c) => [name, valueOf(((at * 37 + c) % 50) / 50, 0.01)]),
    ),
  }));
  const cost = Object.fromEntries(rows.map(({ recommender }, at) => [recommender, costOf(1 + at, 1)]));
  return { scoreboard: { ...smallScoreboard(), columns, rows }, cost };
}

describe("parts of a page", () => {
  it("escape every text once, and leave no way out of the data", () => {
    expect(markup`<p title="${NASTY}">${[markup`<b>${1}</b>`, NASTY]}${null}</p>`.text).toBe(
      `<p title="${escaped(NASTY)}"><b>1</b>${escaped(NASTY)}</p>`,
    );
    const json = embeddedJson({ NASTY });
    expect(json).not.toContain("<");
    expect(JSON.parse(json)).toEqual({ NASTY });
  });

  it("find curves: cut-offs and wishes in the order of their numbers, and stages", () => {
    const names = ["recall@10/new", "recall@5/new", "auc", "ndcg@10/n=5", "ndcg@10/n=2", "ndcg@10"];
    const found = curvesOf([...names, "simulated-pairs/filter", "simulated-pairs/pairs"]);
    expect(found.map(({ title, points }) => [title, points.map(({ x }) => x)])).toEqual([
      ["recall@k/new", [5, 10]],
      ["ndcg@10/n", [2, 5]],
      ["simulated-pairs by stage", ["filter", "pairs"]],
    ]);
  });

  it("tell how to reproduce, in words that a shell reads back", async () => {
    expect(shell(["a b", "it's", "x=1"])).toBe(`'a b' 'it'\\''s' x=1`);
    const recipe = recipeOf(await readRun(await runFolder(smallScoreboard(), smallCost())));
    expect(recipe.command).toBe(
      "llmrec coldllm --dataset world --set world.size=tiny --from 'refine=my answers.csv'",
    );
    expect(recipe.fromFile).toBe("llmrec coldllm --config experiment.yaml --from 'refine=my answers.csv'");
    expect(recipe.config).toBe("dataset: world\nseeds:\n  - 1\n");
    expect(recipe.expectations).toContainEqual({ what: "commit", value: "abc with changes" });
  });
});

describe("writeReport", () => {
  it("holds every figure in plain HTML, names no other address, and is equal for equal runs", async () => {
    const folder = await runFolder(
      { ...smallScoreboard(), comparisons, dataset: NASTY },
      smallCost(),
      samples,
    );
    const first = await writeReport([folder]);
    const text = await readFile(first.file, "utf8");
    expect(first.file).toBe(join(folder, "report.html"));
    for (const part of ["0.6123", "recall@20<wbr", "worse", "llmrec coldllm --dataset world"])
      expect(text).toContain(part);
    expect(text).toContain('data-v="0.61234567890123"');
    expect(text).not.toContain("<img");
    expect(text.match(/(?:src|href)="(?!#|data:,)[^"]*"/g)).toBeNull();
    expect(text.match(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/g)).toBeNull();
    await writeReport([folder]);
    expect(await readFile(first.file, "utf8")).toBe(text);
  });

  it("puts runs of the same data side by side, others apart", async () => {
    const folders = await Promise.all([
      runFolder(smallScoreboard(), smallCost()),
      runFolder(smallScoreboard(), smallCost()),
      runFolder({ ...smallScoreboard(), dataHash: "other" }, smallCost()),
    ]);
    const to = join(folders[0], "all.html");
    await writeReport(folders, to);
    const text = await readFile(to, "utf8");
    expect(text.match(/<section id="[^"]+"/g)).toEqual(
      ["compare-1", "run-1", "run-2", "run-3"].map((id) => `<section id="${id}"`),
    );
  });

  it("shows by which explanation a sampled pair was answered at each stage of training, and no other that was tried", async () => {
    const answered = (by: string, text: string) => ({ lists: {}, values: {}, explanation: { by, text } });
    const answers = {
      random: { lists: {}, values: {} },
      "expctr-llm-untrained": answered("of the untrained model", "A quiet one."),
      "expctr-llm-lc": answered("after LC", "A loud one."),
      "expctr-llm": answered("after LC and IC", "The short one."),
      "expctr-aug": answered("after LC and IC", "A long one."),
      "expctr-stacked": answered("after LC and IC", "The short one."),
      "expctr-aug-lc": answered("after LC", "A loud one."),
    };
    const folder = await runFolder({ ...smallScoreboard(), seeds: [4, 5] }, smallCost(), {
      ...samples,
      cases: [{ ...samples.cases[0], name: "u1 i7", facts: [], answers }],
    });
    // What figures are measured with: the same pair, with another history.
    const stage = join(folder, "stages", "explanations-ffff");
    await mkdir(stage, { recursive: true });
    const tried = { user: "u1", item: "i7", adapter: "abcdef0123", explanation: "Without it.", cut: false };
    await writeFile(join(stage, "explanations.jsonl"), `${JSON.stringify(tried)}\n`);
    const { file } = await writeReport([folder]);
    const text = await readFile(file, "utf8");
    const facts = /"name":"u1 i7","facts":(\[[^\]]*\])/.exec(text);
    expect(JSON.parse(facts![1])).toEqual([
      { label: "explanation of the untrained model", text: "A quiet one." },
      { label: "explanation after LC", text: "A loud one." },
      { label: "explanation after LC and IC (expctr-llm, expctr-stacked)", text: "The short one." },
      { label: "explanation after LC and IC (expctr-aug)", text: "A long one." },
    ]);
    expect(text).toContain("Answers and explanations are those of seed 4.");
    expect(text).not.toContain("Without it.");
  });

  it("shows the training of policies as a picture in the page, and how far rewards rose", async () => {
    const folder = await runFolder(smallScoreboard(), smallCost());
    const stage = join(folder, "stages", "lc-0123");
    await mkdir(stage, { recursive: true });
    const record = { inputs: { seed: 1, reward: { reader: true } }, about: { fold: 1, folds: 2 } };
    await writeFile(join(stage, "stage.json"), JSON.stringify(record));
    const steps = [1, 2, 3].map((step) => ({ step, answers: 16, reward: step / 4, rewardSd: 0.5, kl: step }));
    await writeFile(join(stage, "health.jsonl"), steps.map((step) => JSON.stringify(step) + "\n").join(""));
    const { file } = await writeReport([folder]);
    const text = await readFile(file, "utf8");
    expect(text).toContain(
      "LC: mean reward 0.250 in the first third of the steps, 0.750 in the last (z = 2.8, up in 1 of 1); KL at most 3.0.",
    );
    const [, image] = /<img src="data:image\/svg\+xml;base64,([^"]+)"/.exec(text)!;
    expect(Buffer.from(image, "base64").toString()).toContain("seed 1, fold 1");
  }, 60_000);

  it("refuses no runs, and says what is wrong with a broken book of samples", async () => {
    await expect(writeReport([])).rejects.toThrow("at least one run");
    const folder = await runFolder(smallScoreboard(), smallCost());
    await writeFile(join(folder, "samples.json"), '{"schemaVersion":1}');
    await expect(writeReport([folder])).rejects.toMatchObject({ code: "BAD_RUN_FILE" });
  });
});

const chromium = findChromium();

describe.skipIf(chromium === undefined)("in a browser", () => {
  let page: BrowserPage;
  const column = (at: number) =>
    `[...document.querySelectorAll("table.scores tbody tr")].map((row) => row.cells[${at}].innerText.trim())`;

  async function withPage(folder: string, work: () => Promise<void>): Promise<void> {
    const { file } = await writeReport([folder]);
    page = await openPage(chromium!, pathToFileURL(file).href);
    try {
      await page.resize(1280, 900);
      await work();
      expect(page.problems).toEqual([]);
      expect(page.requests.filter((url) => !/^(file|data):/.test(url))).toEqual([]);
      expect(page.requests.filter((url) => url.startsWith("file:"))).toHaveLength(1);
    } finally {
      await page.close();
    }
  }

  let small: string;
  beforeAll(async () => {
    small = await runFolder({ ...smallScoreboard(), comparisons }, smallCost(), samples);
  });

  it("sorts by keyboard, the best first, missing ones last, and tells a screen reader", async () => {
    await withPage(small, async () => {
      const warm = `document.querySelectorAll("table.scores thead th")[3]`;
      expect(await page.evaluate(column(0))).toEqual(["random", "item_knn", "als", "coldllm", "oracle"]);
      await page.evaluate(`${warm}.querySelector("button").focus()`);
      await page.press("Enter");
      expect(await page.evaluate(column(0))).toEqual(["oracle", "item_knn", "als", "random", "coldllm"]);
      expect(await page.evaluate(`${warm}.getAttribute("aria-sort")`)).toBe("descending");
      await page.press("Enter");
      expect(await page.evaluate(column(0))).toEqual(["random", "als", "item_knn", "oracle", "coldllm"]);
      await page.press("Enter");
      expect(await page.evaluate(`${warm}.getAttribute("aria-sort")`)).toBe(null);
      // A loss sorts the other way round.
      await page.evaluate(
        `document.querySelectorAll("table.scores thead th")[4].querySelector("button").click()`,
      );
      expect(await page.evaluate(`document.querySelectorAll("table.scores thead th")[4].ariaSort`)).toBe(
        "ascending",
      );
      expect((await page.evaluate<string[]>(column(0)))[0]).toBe("oracle");
    });
  });

  it("filters rows, kinds, metrics and samples", async () => {
    await withPage(small, async () => {
      const input = (selector: string, value: string) =>
        page.evaluate(
          `{ const one = document.querySelector('${selector}'); one.value = ${JSON.stringify(value)}; one.dispatchEvent(new Event("input")); }`,
        );
      const visible = `[...document.querySelectorAll("table.scores tbody tr")].filter((row) => !row.hidden).length`;
      await page.evaluate(`document.querySelector("[name=kind][value=control]").click()`);
      expect(await page.evaluate(visible)).toBe(4);
      await input("[name=rows]", "ALS");
      expect(await page.evaluate(visible)).toBe(1);
      const heads = `[...document.querySelectorAll("table.scores thead th")].filter((head) => !head.hidden).length`;
      expect(await page.evaluate(heads)).toBe(2 + 3 + 3);
      await input("[name=columns]", "bias");
      expect(await page.evaluate(heads)).toBe(3);
      expect(await page.evaluate(`document.querySelectorAll("figure.bars [data-key]").length`)).toBe(4);
      const count = `document.querySelector(".samples .count").textContent`;
      expect(await page.evaluate(count)).toBe("Case 1 of 3 (3 kept)");
      await input(".samples [name=words]", "alien");
      expect(await page.evaluate(count)).toBe("Case 1 of 1 (3 kept)");
      await input(".samples [name=words]", "");
      await input(".samples [name=winner]", "als");
      await input(".samples [name=loser]", "coldllm");
      expect(await page.evaluate(count)).toBe("Case 1 of 1 (3 kept)");
      expect(await page.evaluate(`document.querySelector(".case dd").textContent`)).toBe("u3");
      expect(await page.evaluate(`document.querySelectorAll(".case .hit").length`)).toBe(2);
    });
  });

  it("draws charts that keys walk over, and that fit a phone", async () => {
    await withPage(small, async () => {
      expect(await page.evaluate(`document.querySelectorAll("figure svg").length`)).toBe(3);
      await page.evaluate(`document.querySelector("figure.cost [data-key]").focus()`);
      await page.press("ArrowDown");
      const told = `document.querySelector("figure.cost .readout").textContent`;
      expect(await page.evaluate(told)).toMatch(/^item_knn: recall@20\/cold 0.3000, .*Pareto front$/);
      await page.press("Enter");
      expect(await page.evaluate(`document.querySelector("tr.picked").dataset.row`)).toBe("item_knn");
      expect(await page.evaluate(`document.activeElement.dataset.key`)).toBe("item_knn");
      await page.resize(360, 740);
      await page.evaluate("new Promise((done) => setTimeout(done, 200))");
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    });
  });

  it("sorts 50 rows of 30 metrics at once", async () => {
    const { scoreboard, cost } = bigScoreboard();
    await withPage(await runFolder(scoreboard, cost), async () => {
      await page.evaluate(`document.querySelector("[name=all]").click()`);
      const took = await page.evaluate<number>(
        `{ const began = performance.now(); document.querySelectorAll("table.scores thead button")[2].click(); document.body.offsetHeight; performance.now() - began; }`,
      );
      expect((await page.evaluate<string[]>(column(0)))[0]).toBe("model-27");
      // "At once" with room for a busy machine.
      expect(took).toBeLessThan(1000);
    });
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
