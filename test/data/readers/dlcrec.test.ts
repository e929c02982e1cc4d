import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeTwice } from "../../../src/data/decode-twice.js";
import { readCatalogue, readInstructions } from "../../../src/data/readers/dlcrec.js";

const folder = mkdtempSync(join(tmpdir(), "llmrec-dlcrec-"));
const fileOf = (content: string) => {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.txt`);
  writeFileSync(path, content);
  return path;
};

describe("text that was decoded twice", () => {
  it("is put right, run by run, and other text is left alone", () => {
    expect(decodeTwice("Am\u00c3\u00a9lie, WALL\u00c2\u00b7E, \u00c3\u0080 bout")).toBe(
      "Amélie, WALL·E, À bout",
    );
    expect(decodeTwice("Amélie – naïve")).toBe("Amélie – naïve");
    expect(decodeTwice("plain")).toBe("plain");
  });
});

describe("instruction files", () => {
  it("are read with answers as text or array, and with the instruction that a model was given", async () => {
    const path = fileOf(
      JSON.stringify([
        { instruction: "a", input: "b", output: "Am\u00c3\u00a9lie" },
        { instruction: "a", input: "b", output: "c", predict: ["d"], other: 1 },
        {
          instruction: "a",
          input: "b",
          output: "c",
          predict: "d",
          control_GP: "x",
          instruction_controlGP: { x: "[y]" },
        },
      ]),
    );
    const none = { instruction: "a", input: "b", predict: null, controlled: null };
    expect(await readInstructions(path)).toEqual([
      { ...none, output: "Amélie" },
      { ...none, output: "c", predict: "d" },
      { ...none, output: "c", predict: "d", controlled: "[y]" },
    ]);
  });

  it("say where they are wrong", async () => {
    await expect(readInstructions(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(readInstructions(fileOf("[{"))).rejects.toMatchObject({ code: "BAD_JSON" });
    await expect(
      readInstructions(
        fileOf('[{"instruction":"a","input":"b","output":"c"},{"instruction":"a","input":1}]'),
      ),
    ).rejects.toMatchObject({ code: "BAD_RECORD", place: { line: 2 } });
  });
});

describe("the catalogue", () => {
  it("keeps the order of genres and takes quotes off", async () => {
    const path = fileOf('1::Toy Story (1995)::Adventure|Animation\n7::"Show" Cats (1998)::Musical\n');
    expect(await readCatalogue(path)).toEqual({
      titles: ["Toy Story (1995)", 'Show" Cats (1998)'],
      genres: [["Adventure", "Animation"], ["Musical"]],
    });
    await expect(readCatalogue(fileOf("1::a::b\n2::c\n"))).rejects.toMatchObject({
      code: "BAD_LINE",
      place: { line: 2 },
    });
  });
});
