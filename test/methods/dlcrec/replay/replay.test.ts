import { existsSync, mkdtempSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../../../src/core/files.js";
import { silentProgress } from "../../../../src/core/progress.js";
import type { InstructionRecord } from "../../../../src/data/readers/dlcrec.js";
import { parseOutputName } from "../../../../src/methods/dlcrec/replay/files.js";
import { replayGf, replayGp } from "../../../../src/methods/dlcrec/replay/genres.js";
import { replayFolder, reproduces, toleranceOf } from "../../../../src/methods/dlcrec/replay/replay.js";
import { writeTrail } from "../../../../src/methods/dlcrec/trail.js";
import { renderReplay } from "../../../../src/report/dlcrec-replay.js";

const IP =
  "BERT_IP_nd_vlIP_nd_ep25_1e-3_controlBERT_GF_d_vlGF_d_ep25_1e-3_controlBERT_GP_vlGP_ep25_1e-3_5GP1000gred_5_5GF1000gred_IP1000gred.json";
const GF = "BERT_GF_vlGF_ep25_1e-3_controlBERT_GP_vlGP_ep25_1e-3_8GP1000gred_8GF1000gred.json";
const BIGREC = "BERT_BIGRec_noCoT_vlnoCoT_ep25_1e-3_1000gred2.json";
const context = { progress: silentProgress(), signal: new AbortController().signal };

describe("names of published files", () => {
  it("tell the kind, the training data and the asked number", () => {
    const told = (name: string) => {
      const file = parseOutputName(`folder/${name}`);
      return file && [file.kind, file.label, file.genres];
    };
    expect(told(IP)).toEqual(["ip", "IP-ND / GF-D", 5]);
    expect(told(GF)).toEqual(["gf", "GF", 8]);
    expect(told("BERT_GF_vlGF_ep25_1e-3_GF1000gred.json")).toEqual(["gf", "GF", null]);
    expect(told("BERT_GP_vlGP_ep25_1e-3_10GP1000gred.json")).toEqual(["gp", "GP", 10]);
    expect(told(BIGREC)).toEqual(["bigrec", "BIGRec_div", 2]);
    expect(told("BERT_BIGRec_CoT_vlCoT_ep25_1e-3_1000gred8.json")).toEqual(["bigrec", "BIGRec_CoT", 8]);
    expect(told("readme.json")).toBeNull();
  });
});

/** Films A0 to A24: genre x for even numbers, y for odd ones, and one film of genre z near to "NaN". */
const titles = [...Array.from({ length: 25 }, (_, n) => `A${String(n)}`), "Nanny"];
const genreOf = (n: number) => (n === 25 ? "z" : n % 2 === 0 ? "x" : "y");
const entry = (n: number) => ({ title: titles[n], genre: genreOf(n) });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const history = range(0, 10);
const future = range(10, 20);

function ipRecord(answer: readonly { title: string; genre: string }[]) {
  return {
    instruction: "fill in",
    input: writeTrail([...history.map(entry), ...future.map((n) => ({ title: "?", genre: genreOf(n) }))]),
    output: writeTrail([...history, ...future].map(entry)),
    predict: [writeTrail(answer)],
  };
}

function folderOf(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), "llmrec-replay-"));
  mkdirSync(join(folder, "outputs"));
  writeFileSync(
    join(folder, "ml10m_movies.dat"),
    titles.map((title, n) => `${String(n)}::${title}::${genreOf(n)}|w\n`).join(""),
  );
  for (const name of ["result_IP_movie.json", "result_BIGRec_movie.json", "movie_sgcate_GF.json"])
    writeFileSync(join(folder, name), "{}");
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), JSON.stringify(content));
  return folder;
}

describe("replaying lists", () => {
  it("scores a trail by hand-computed figures: hits, repeats, history titles and missing places", async () => {
    // Ten true titles in the first case; in the second A10, A10, A0 (of the history), A24, then nothing.
    const second = [...history.map(entry), entry(10), entry(10), entry(0), entry(24)];
    const folder = folderOf({
      [`outputs/${IP}`]: [ipRecord([...history, ...future].map(entry)), ipRecord(second)],
      "result_IP_movie.json": { [`./x/${IP}`]: { NDCG: [0.6], COV: [2.5], COV_MAE: [2.5] } },
    });
    const { lists } = await replayFolder(folder, context);
    const [row] = lists;
    const { replay } = row;
    expect([replay.titles, replay.exact, replay.missing, replay.fromHistory]).toEqual([14, 13, 6, 1]);
    expect([...replay.lists[1]]).toEqual([10, 10, 25, 24, 25, 25, 25, 25, 25, 25]);
    const discounts = range(0, 10).map((place) => 1 / Math.log2(place + 2));
    const ideal = discounts.reduce((sum, one) => sum + one, 0);
    const { scores } = replay;
    expect(scores.NDCG).toBeCloseTo((1 + (discounts[0] + discounts[1]) / ideal) / 2, 12);
    expect(scores.HR).toBeCloseTo((1 + 0.2) / 2, 12);
    expect(scores.REP_RATE).toBeCloseTo((0 + 0.7) / 2, 12);
    expect(scores.COV).toBe((2 + 2) / 2);
    expect(scores.MAE_COV).toBe((3 + 3) / 2);
    // First: x, then y beside {x}: 1/2, then x beside {x, y}: 1/2 ... Places: 1, 1, 8 times 1 - 1/2.
    // Second: x 1, x 0, z 1, x 1 - 1/2, z 6 times 1/2.
    expect(scores.DIV).toBeCloseTo((6 / 10 + 5.5 / 10) / 2, 12);
    // Second, against x y x y ...: x matches place 0, z none, x at place 3 not.
    expect(scores.MATCH_T).toBeCloseTo((1 + 0.1) / 2, 12);
    // What the answer itself wrote: x, x, x (its item is z), x, and nothing.
    expect(scores.MATCH_P).toBeCloseTo((1 + 0.3) / 2, 12);
    expect(row.published).toEqual({ NDCG: 0.6, COV: 2.5, MAE_COV: 2.5 });
    expect(toleranceOf(replay)).toEqual({ ndcg: 0.08, genres: 0.2 });
    expect(reproduces(row)).toBe(false);
    expect(reproduces({ ...row, published: { NDCG: scores.NDCG * 1.07, COV: 2.1, MAE_COV: 2.9 } })).toBe(
      true,
    );
    expect(reproduces({ ...row, published: null })).toBeNull();
  });

  it("keeps titles of the history in BIGRec's lists, as published", async () => {
    const list = (numbers: readonly number[]) => numbers.map((n) => `"${titles[n]}"| `).join("");
    const record = {
      instruction: "",
      input: list(history),
      output: list(future),
      predict: [list([0, ...range(11, 20)])],
    };
    const { lists } = await replayFolder(folderOf({ [`outputs/${BIGREC}`]: [record] }), context);
    expect([...lists[0].replay.lists[0]]).toEqual([0, ...range(11, 20)]);
    expect(lists[0].replay.scores).toMatchObject({ HR: 0.9, COV: 2, MAE_COV: 0 });
    expect("MATCH_P" in lists[0].replay.scores).toBe(false);
  });

  it("prints tables", async () => {
    const folder = folderOf({ [`outputs/${IP}`]: [ipRecord([...history, ...future].map(entry))] });
    const text = renderReplay(await replayFolder(folder, context), "text", { width: 200, ansi: false });
    expect(text).toMatch(/IP-ND \/ GF-D +5 +here +100\.0 +0 +1\.0000 +1\.0000 +0\.0000 +0\.6000 +2\.0000/);
  });

  it("names the record that is wrong, and a folder without answers", async () => {
    const stray = {
      ...ipRecord([]),
      output: writeTrail([...history.map(entry), ...future.map(() => ({ title: "?", genre: "x" }))]),
    };
    await expect(replayFolder(folderOf({ [`outputs/${IP}`]: [stray] }), context)).rejects.toMatchObject({
      code: "BAD_RECORD",
      place: { line: 1 },
    });
    await expect(replayFolder(folderOf({}), context)).rejects.toMatchObject({ code: "NO_OUTPUTS" });
  });
});

describe("replaying genres", () => {
  const file = (name: string) => parseOutputName(name)!;
  const record = (predict: string, output: string, controlled: string | null = null): InstructionRecord => ({
    ...{ instruction: "", input: "", output, predict, controlled },
  });

  it("scores GP against the asked number and the true genres", () => {
    const records = [record("x, y, y", "x, z"), record("x", "x")];
    expect(replayGp(file("BERT_GP_2GP1000gred.json"), records)).toEqual({
      controlError: 0.5,
      obeyed: 0.5,
      recall: 0.75,
    });
  });

  it("scores GF against the truth and against what it was given; an answer that does not parse counts as a case", () => {
    const trail = (genres: string) =>
      writeTrail([...range(0, 10).map(entry), ...Array.from(genres, (genre) => ({ title: "_", genre }))]);
    const truth = trail("xxxxxyyyyz");
    const given = "use the following genres: [x, q]. Go.";
    const { scores, unparsed } = replayGf(file(GF), [
      record(trail("xxxxxxxxxy"), truth, given),
      record("nothing", truth, given),
    ]);
    expect(unparsed).toBe(1);
    // Two of eight asked genres are named, both true: |8 - 2| = 6, 2 / 8; five x and one y are in both lists.
    expect(scores.MAE).toBe(3);
    expect(scores.RECALL).toBeCloseTo(0.125, 12);
    expect(scores.RECALL_LIST).toBeCloseTo(0.3, 12);
    expect(scores.MAE_GP).toBe(0);
    expect(scores.RECALL_GP).toBe(0.25);
  });
});

const shared = join(process.env.LLMREC_SHARED_DATA ?? join(packageRoot(), "../shared/data"), "dlcrec-movie");

describe("the published movie files (skipped where LLMREC_SHARED_DATA or ../shared/data lacks them)", () => {
  it.skipIf(!existsSync(shared))("are reproduced", { timeout: 300_000 }, async () => {
    const { lists, gp, gf } = await replayFolder(shared, context);
    expect(lists.map(reproduces)).toEqual(lists.map(() => true));
    expect(lists).toHaveLength(14);
    expect(gp.map(({ genres }) => genres)).toEqual(range(1, 11));
    expect(gp.slice(0, 7).map(({ replay }) => replay.controlError)).toEqual(Array(7).fill(0));
    for (const { replay, published } of gf) {
      if (published === null) continue;
      for (const [name, value] of Object.entries(replay.scores))
        expect(value).toBeCloseTo(published[name], 9);
    }
  });
});
