import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { silentProgress } from "../../../../src/core/progress.js";
import { Grounder } from "../../../../src/methods/dlcrec/grounding.js";
import {
  type PublishedProtocol,
  readPublishedWindows,
} from "../../../../src/methods/dlcrec/replay/protocol.js";
import { type Rivals, rivalsOf } from "../../../../src/methods/dlcrec/replay/rivals.js";
import { writeTrail } from "../../../../src/methods/dlcrec/trail.js";
import { popularityList } from "../../../../src/recommenders/sequential/controls.js";
import { renderRivals } from "../../../../src/report/dlcrec-replay.js";

/** Films F0 to F59, film n of genre n mod 9. */
const titles = Array.from({ length: 60 }, (_, n) => `F${n}`);
const genres = titles.map((_, n) => [`g${n % 9}`]);
const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);
const grounder = new Grounder(titles, () => new Float64Array(titles.length));
const context = { progress: silentProgress(), signal: new AbortController().signal };

/** The first test case's future is a training window's; the second's shares nothing. */
const TRAIN = [range(0, 20), range(0, 20), range(15, 20)];
const TEST = [
  [...range(40, 10), ...range(10, 10)],
  [...range(20, 10), ...range(50, 10)],
];

let protocol: PublishedProtocol;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "llmrec-rivals-test-"));
  mkdirSync(folder, { recursive: true });
  const write = (part: string, windows: readonly (readonly number[])[]) => {
    const records = windows.map((items) => ({
      ...{ instruction: "", input: "" },
      output: writeTrail(items.map((n) => ({ title: titles[n], genre: genres[n][0] }))),
    }));
    writeFileSync(join(folder, `${part}_1000_BERT_IP.json`), JSON.stringify(records));
  };
  write("train", TRAIN);
  write("valid", [range(30, 20)]);
  write("test", TEST);
  protocol = await readPublishedWindows(folder, { titles, genres }, grounder);
});

/** Published lists for N = 2: all ten targets of the second case, and none of the first. */
const published = [
  {
    ...{ kind: "ip", label: "IP / GF", genres: 2, published: null, file: "" },
    replay: { lists: [Int32Array.from(range(30, 10)), Int32Array.from(range(50, 10))] },
  },
];

describe("rivals on the published cases", () => {
  let rivals: Rivals;
  beforeAll(async () => {
    rivals = await rivalsOf(protocol, { lists: published as never }, [popularityList], context);
  });
  const row = (name: string) => rivals.rows.find((one) => one.name === name)!;

  it("finds the cases that share seven targets or more with a training window", () => {
    expect([...protocol.overlaps]).toEqual([10, 0]);
    expect([rivals.cases, rivals.overlapping]).toEqual([2, 1]);
  });

  it("scores published lists as they are, and apart on the cases that don't overlap", () => {
    const { scores } = row("IP / GF");
    expect(Object.keys(scores)).toEqual(["2"]);
    expect(scores[2].ndcg).toBeCloseTo(0.5, 12);
    expect(scores[2].ndcgFresh).toBeCloseTo(1, 12);
    // Ten films in a row have nine genres.
    expect(scores[2].cov).toBe(9);
    expect(scores[2].mae).toBe(7);
  });

  it("gives the quota exactly as many genres as are asked for, and popularity its own list", () => {
    for (const n of [2, 5, 8]) expect(row("popularity-quota").scores[n].mae).toBe(0);
    // Most popular outside of the first case's history are films 0 to 19: its whole future, at places that popularity's ties decide.
    expect(row("popularity").scores[5]).toEqual({
      ...row("popularity").scores[2],
      mae: row("popularity").scores[5].mae,
    });
    expect(row("popularity").scores[5].hr).toBeGreaterThan(0);
  });

  it("knows the best attainable: two genres of ten films in a row hold three targets at most", () => {
    const discounts = range(0, 10).map((place) => 1 / Math.log2(place + 2));
    const ideal = discounts.reduce((sum, one) => sum + one, 0);
    expect(row("best attainable").scores[2].ndcg).toBeCloseTo(
      (discounts[0] + discounts[1] + discounts[2]) / ideal,
      12,
    );
    // Eight genres: nine targets; the tenth place is a film that was not liked.
    expect(row("best attainable").scores[8].hr).toBeCloseTo(0.9, 12);
    for (const { name, kind, scores } of rivals.rows) {
      if (kind !== "classic" || !name.endsWith("quota")) continue;
      for (const n of [2, 5, 8])
        expect(scores[n].ndcg).toBeLessThanOrEqual(row("best attainable").scores[n].ndcg);
    }
  });

  it("sets the best published row against the best classic one that keeps to the number as well", () => {
    const [duel] = rivals.duels;
    expect(rivals.duels).toHaveLength(1);
    expect(duel).toMatchObject({ genres: 2, published: "IP / GF" });
    const classic = row(duel.classic);
    expect(classic.scores[2].mae).toBeLessThanOrEqual(7);
    expect(duel.difference).toBeCloseTo(classic.scores[2].ndcg - 0.5, 12);
  });

  it("prints them in sections, the paper's row among them", () => {
    const text = renderRivals(rivals, "text", { width: 250, ansi: false });
    expect(text).toMatch(/best attainable/);
    expect(text).toMatch(/DLCRec \(the paper's figures\) +0\.0357 +- +2\.478 +0\.798/);
    expect(text).toMatch(/N = 2: popularity.* less IP \/ GF is [+−-]0\.\d{4} NDCG/);
  });
});
