import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silentProgress } from "../../../src/core/progress.js";
import { Random } from "../../../src/core/random.js";
import type { Dataset, ImpressionColumn } from "../../../src/data/dataset.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import { resolveConfig } from "../../../src/experiment/config.js";
import { ALL_RECOMMENDERS } from "../../../src/experiment/registry.js";
import { layOutTask, runTask } from "../../../src/experiment/run-task.js";
import { bucketOf, impressionFields } from "../../../src/recommenders/ctr/impression-fields.js";
import { fieldsOf } from "../../../src/recommenders/ctr/fields.js";
import { resolveOptions, selectRecommenders } from "../../../src/recommenders/registry.js";
import { ctrOptions, ctrProtocol } from "../../../src/tasks/ctr-protocol.js";
import { prepareCtr } from "../../../src/tasks/ctr-task.js";
import { readDataset } from "../../../src/data/readers/index.js";
import { failureOf, folderOf, readContent } from "../../data/readers/files.js";
import { contextOf } from "../support.js";

/** A column of the given values, numbered in their order. */
function category(name: string, rows: readonly string[]): ImpressionColumn {
  const values = [...new Set(rows)].sort();
  return { kind: "category", name, values, codes: Int32Array.from(rows, (value) => values.indexOf(value)) };
}

const repeated = <T>(value: T, times: number): T[] => Array<T>(times).fill(value);

describe("impressionFields", () => {
  it("gives a row to values with ten training rows, and one to all others", () => {
    const rows = [...repeated("b", 10), ...repeated("rare", 9), ...repeated("", 10), ...repeated("new", 20)];
    const trained = Int32Array.from({ length: 29 }, (_, n) => n);
    const [field] = impressionFields([category("site", rows)], trained);
    expect(field.count).toBe(3);
    expect([0, 10, 19, 29].map((place) => field.codeOf(place))).toEqual([2, 0, 1, 0]);
  });

  it("puts numbers into buckets, with one for those that are missing", () => {
    expect([-1, 0, 2, 3, 10, 1200].map(bucketOf)).toEqual([-1, 0, 2, 3 + 1, 3 + 5, 3 + 50]);
    const numbers = Float64Array.of(
      ...repeated(NaN, 10),
      ...repeated(0, 10),
      ...repeated(1200, 5),
      ...repeated(1210, 5),
      ...repeated(7, 9),
    );
    const [field] = impressionFields(
      [{ kind: "number", name: "I1", numbers }],
      Int32Array.from(numbers.keys()),
    );
    expect(field.count).toBe(4);
    expect([0, 10, 20, 25, 30].map((place) => field.codeOf(place))).toEqual([1, 2, 3, 3, 0]);
  });
});

const HEADER = "id,click,hour,C1,banner_pos,site_id,app_id,device_conn_type,device_ip";

/** Avazu's form: a site tells of clicks alone, application and connection only together. */
function log(size: number): string {
  const random = Random.fromSeed("avazu");
  const pick = (count: number) => Math.floor(random.uniform() * count);
  const lines = Array.from({ length: size }, (_, n) => {
    const [site, app, connection] = [pick(6), pick(4), pick(2)];
    const logit = (site < 3 ? 0.8 : -0.8) + ((app + connection) % 2 === 0 ? 1.5 : -1.5);
    const click = random.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    const hour = `141021${String(Math.floor((24 * n) / size)).padStart(2, "0")}`;
    return [n, click, hour, 1005, 0, `s${site}`, `a${app}`, connection, `ip${n}`].join(",");
  });
  return [HEADER, ...lines].join("\n");
}

function prepared30(dataset: Dataset) {
  return prepareCtr(dataset, makeSplit(dataset, "ratio", { test: 0.3 }), [], {});
}

describe("the task ctr on a log of impressions", () => {
  it("takes fields, rows and cases from it, and nothing from its test rows", async () => {
    const dataset = await readContent("train.csv", log(400));
    const split = makeSplit(dataset, "ratio", { test: 0.3 });
    const protocol = ctrProtocol(dataset, split, ctrOptions.parse({}));
    expect(protocol.test.labels).toHaveLength(120);
    expect(protocol.subsets).toEqual([]);
    const { training } = protocol;
    const fields = fieldsOf(training);
    expect(fields.names).toEqual([
      ...["C1", "banner_pos", "site_id", "app_id", "device_conn_type", "device_ip"],
      ...["hour of day", "day of week"],
    ]);
    const code = (n: number, field: number) => {
      const into = new Int32Array(fields.names.length);
      fields.write(protocol.caseOf(n), into, 0);
      return into[field] - fields.offsets[field];
    };
    const sites = dataset.interactions.impressions!.columns[2];
    if (sites.kind !== "category") throw new Error("site_id");
    for (const n of [0, 1, 2, 119]) expect(code(n, 2)).toBe(1 + sites.codes[protocol.test.places![n]]);
    // Every address is there once: all share one row.
    expect(code(0, 5)).toBe(0);
    expect(() => {
      fields.write({ user: 0, item: 0 }, new Int32Array(8), 0);
    }).toThrow(/place/);

    // Other test rows, other values there: the fields stay as they are.
    const columns = dataset.interactions.impressions!.columns.map((column): ImpressionColumn => {
      if (column.kind === "number") return column;
      const codes = column.codes.slice();
      for (const place of protocol.test.places!) codes[place] = column.values.length;
      return { ...column, values: [...column.values, "only in test"], codes };
    });
    const changed = fieldsOf({ ...training, impressions: { ...training.impressions!, columns } });
    expect(changed.offsets).toEqual(fields.offsets);
    expect(changed.rows).toBe(fields.rows);
    for (const n of [0, 5, 239]) {
      const [before, after] = [new Int32Array(8), new Int32Array(8)];
      const row = { user: training.rows.users[n], item: 0, place: training.rows.places![n] };
      fields.write(row, before, 0);
      changed.write(row, after, 0);
      expect(after).toEqual(before);
    }
    const into = new Int32Array(8);
    changed.write(protocol.caseOf(0), into, 0);
    expect([...into]).toEqual([...changed.offsets]);
  });

  it("finds one column's signal with LR, and what two tell together with DeepFM alone", async () => {
    const dataset = await readContent("train.csv", log(4000));
    const prepared = prepared30(dataset);
    expect(prepared.mainMetrics).toEqual(["auc", "log-loss", "ece"]);
    expect(prepared.notes[0]).toContain("do not say whose they are");
    expect(prepared.describeCase(0).facts[0].text).toMatch(/^C1=1005, banner_pos=0, site_id=s\d, /);
    const aucOf = async (id: string, given: Record<string, unknown>) => {
      const [recommender] = selectRecommenders("ctr", [id]);
      const context = contextOf(id, 1);
      const fitted = await recommender.fit(prepared.training, resolveOptions(recommender, given), context);
      const evaluation = await prepared.evaluate((cases) => fitted.answer(cases, context), {
        progress: silentProgress(),
        signal: context.signal,
        label: id,
      });
      expect(Object.keys(evaluation.values)).toEqual(["log-loss", "brier", "absolute-error"]);
      const pooled = prepared.pooled(evaluation);
      expect(Object.keys(pooled)).toEqual(["auc", "ece"]);
      expect(prepared.pooledDetails!([evaluation]).auc.n).toBe(1200);
      return pooled.auc;
    };
    expect(await aucOf("ctr-rate", {})).toBe(0.5);
    const quick = { batchSize: 256, learningRate: 0.02, epochs: 10, l2: 0 };
    const lr = await aucOf("lr", quick);
    expect(lr).toBeGreaterThan(0.6);
    const deepfm = await aucOf("deepfm", { ...quick, embedding: 4, hidden: [16] });
    expect(deepfm).toBeGreaterThan(lr + 0.1);
  });

  const DESCRIPTOR = `
impressions:
  file: log.csv
  label: click
  user: site_id
  item: app_id
  categories: [device_conn_type]
`;

  it("knows users where they are named, with what they did before", async () => {
    const folder = folderOf({ "dataset.yaml": DESCRIPTOR, "log.csv": log(600) });
    const dataset = await readDataset({ path: folder });
    // The same ad is shown to the same user over and over: no leak.
    const prepared = prepared30(dataset);
    expect(prepared.mainMetrics).toContain("gauc");
    expect(fieldsOf(prepared.training).names).toEqual(["user", "item", "device_conn_type"]);
    const [din] = selectRecommenders("ctr", ["din"]);
    const context = contextOf("din", 1);
    const options = { embedding: 4, hidden: [8], attention: [4], epochs: 1 };
    const fitted = await din.fit(prepared.training, resolveOptions(din, options), context);
    const answers = await fitted.answer(prepared.cases!().slice(0, 20), context);
    expect([...answers].every((p) => p > 0 && p < 1)).toBe(true);
  });
});

describe("a run on a log of impressions", () => {
  const request = (folder: string, recommenders: string[]) => ({
    command: "explainctr",
    arguments: [],
    config: resolveConfig([{ dataset: join(folder, "train.csv"), recommenders }]),
    external: new Map<string, string>(),
    out: join(folder, "runs"),
    fresh: false,
    cache: folder,
    offline: true,
    progress: silentProgress(),
    signal: new AbortController().signal,
  });

  it("has all controls that know something of it, and refuses what needs users, items or texts", async () => {
    const folder = folderOf({ "train.csv": log(400) });
    const { scoreboard } = await runTask({ ...request(folder, ["control"]), task: "ctr" });
    expect(scoreboard.rows.map(({ recommender }) => recommender)).toEqual(["random", "ctr-rate"]);
    for (const [id, code] of [
      ["din", "NO_PAIRS"],
      ["item-rate", "NO_PAIRS"],
      ["llm-zero-shot", "NO_TEXT"],
      ["expctr-aug", "NO_TEXT"],
    ]) {
      const report = await failureOf(runTask({ ...request(folder, [id]), task: "ctr" }));
      expect(report).toMatchObject({ code, exit: 3 });
      expect(report.message).toContain(id);
      expect(report.hint).toContain("Take lr, fm");
    }
  });

  it("is for this task alone", async () => {
    const folder = folderOf({});
    writeFileSync(join(folder, "train.csv"), log(400));
    for (const task of ["cold-start", "controlled-list"] as const) {
      const laid = layOutTask(task, request(folder, ["all"]).config, request(folder, ["all"]));
      expect(await failureOf(laid)).toMatchObject({ code: "NO_PAIRS", exit: 3 });
    }
    expect(ALL_RECOMMENDERS.filter(({ needsPairs }) => needsPairs).map(({ id }) => id)).toEqual([
      "item-rate",
      "din",
    ]);
  });
});
