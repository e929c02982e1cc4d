import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { candidatesFormat, judgementsFormat } from "../../../src/methods/coldllm/pairs-file.js";
import { failureOf, folderOf } from "../../data/readers/files.js";
import { matrixOf, trainingOf } from "../../recommenders/support.js";

// u0 and u1 with warm items i0, i1 and cold ones i2, i3.
const ids = trainingOf(
  matrixOf([
    [1, 0, 0, 0],
    [0, 1, 0, 0],
  ]),
);
const candidates = { users: Int32Array.of(1, 0, 1), items: Int32Array.of(2, 3, 3), scores: null };

function fileOf(content: string, name = "answers.csv"): string {
  return join(folderOf({ [name]: content }), name);
}
const failure = (content: string, given?: typeof candidates) =>
  failureOf(judgementsFormat(ids, given).read(fileOf(content)));

describe("files of pairs", () => {
  it("give back candidates and judgements as they were, ids that need quotes too", async () => {
    const odd = { ...ids, users: { ...ids.users, keys: ['a,"b"', "u1"] } };
    const folder = folderOf({});
    const scored = { ...candidates, scores: Float32Array.of(0.1, -3e-7, 12) };
    const filter = candidatesFormat(odd);
    await filter.write(join(folder, filter.file), scored);
    expect(await filter.read(join(folder, filter.file))).toEqual(scored);
    expect(await readFile(join(folder, filter.file), "utf8")).toContain('"a,""b""",i3,');

    const judged = {
      users: candidates.users,
      items: candidates.items,
      accepted: Uint8Array.of(1, 0, 1),
      logOdds: Float32Array.of(0.5, -2, 1 / 3),
    };
    const refine = judgementsFormat(odd, candidates);
    await refine.write(join(folder, refine.file), judged);
    expect(await refine.read(join(folder, refine.file))).toEqual(judged);
    const answersOnly = { ...judged, logOdds: null };
    await refine.write(join(folder, refine.file), answersOnly);
    expect(await refine.read(join(folder, refine.file))).toEqual(answersOnly);
  });

  it("read the published columns, and other formats", async () => {
    const expected = {
      users: Int32Array.of(1, 0),
      items: Int32Array.of(2, 3),
      accepted: Uint8Array.of(1, 0),
      logOdds: null,
    };
    const published = fileOf("item_id,user_id,clk/no\ni2,u1,Yes\ni3,u0,No\n");
    expect(await judgementsFormat(ids).read(published)).toEqual(expected);
    const lines = '{"user":"u1","item":"i2","answer":"yes"}\n{"user":"u0","item":"i3","answer":"NO"}\n';
    expect(await judgementsFormat(ids).read(fileOf(lines, "answers.jsonl"))).toEqual(expected);
  });

  it("name file and line of what is wrong", async () => {
    const head = "user,item,answer\nu1,i2,Yes\n";
    for (const [row, code] of [
      ["u9,i2,Yes", "UNKNOWN_USER"],
      ["u0,i9,Yes", "UNKNOWN_ITEM"],
      ["u0,i1,Yes", "ITEM_NOT_COLD"],
      ["u1,i2,No", "PAIR_TWICE"],
      ["u0,i3,Maybe", "BAD_ANSWER"],
      ["u0,,Yes", "MISSING_VALUE"],
    ] as const) {
      const report = await failure(`${head}${row}\n`);
      expect(report).toMatchObject({ exit: 3, code, line: 3 });
      expect(report.file).toContain("answers.csv");
    }
    expect(await failure("user,item\nu1,i2\n")).toMatchObject({ exit: 3, code: "MISSING_COLUMN" });
    expect(await failure("user,item,answer\n")).toMatchObject({ exit: 3, code: "EMPTY_FILE" });
  });

  it("want an answer for every candidate, and for no other pair", async () => {
    const head = "user,item,answer\nu1,i2,Yes\n";
    expect(await failure(`${head}u0,i3,No\n`, candidates)).toMatchObject({
      exit: 3,
      code: "MISSING_ANSWER",
      message: expect.stringContaining("user u1 and item i3") as string,
    });
    expect(await failure(`${head}u0,i2,No\n`, candidates)).toMatchObject({
      exit: 3,
      code: "NOT_A_CANDIDATE",
      line: 3,
    });
  });
});
