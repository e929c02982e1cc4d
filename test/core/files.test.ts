import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataError, formatError, reportOf, UsageError } from "../../src/core/errors.js";
import { fileError, writeAtomically, writeAtomicallyBy } from "../../src/core/files.js";
import { canonicalJson, hashArrays, hashOf } from "../../src/core/hash.js";
import { suggestName } from "../../src/core/names.js";

describe("writeAtomically", () => {
  it("leaves the old file and no temporary one when the writer fails", async () => {
    const folder = await mkdtemp(join(tmpdir(), "llmrec-files-"));
    const path = join(folder, "a.txt");
    await writeAtomically(path, "old");
    const fail = writeAtomicallyBy(path, async (temporary) => {
      await writeFile(temporary, "half");
      throw new Error("stop");
    });
    await expect(fail).rejects.toThrow("stop");
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a.txt"]);
  });
});

describe("fileError", () => {
  it("says what the system's code means and what to do", () => {
    const full = fileError(Object.assign(new Error("write"), { code: "ENOSPC" }), "out/x") as UsageError;
    expect([full.code, full.exit, full.place.file]).toEqual(["DISK_FULL", 2, "out/x"]);
    expect((fileError(new Error("IO Error: No space left on device"), "x") as UsageError).code).toBe(
      "DISK_FULL",
    );
    expect((fileError(Object.assign(new Error(), { code: "EACCES" }), "x") as UsageError).code).toBe(
      "NOT_WRITABLE",
    );
    expect((fileError(Object.assign(new Error(), { code: "ENOENT" }), "x") as DataError).exit).toBe(3);
    const other = new Error("other");
    expect(fileError(other, "x")).toBe(other);
  });
});

describe("reports of errors", () => {
  it("names file, line, column and the way out", () => {
    const error = new DataError("BAD_VALUE", "expected a number", {
      file: "r.csv",
      line: 3,
      column: "rating",
      hint: "Mend it.",
    });
    expect(formatError(reportOf(error))).toBe("r.csv:3:rating: expected a number\n  Mend it.");
    expect(reportOf(new TypeError("x"))).toMatchObject({ code: "UNEXPECTED", exit: 1 });
  });
});

describe("hashes", () => {
  it("do not depend on the order of keys, but on everything else", () => {
    expect(canonicalJson({ b: [1, { d: 1, c: 2 }], a: undefined })).toBe('{"b":[1,{"c":2,"d":1}]}');
    expect(hashOf({ a: 1, b: 2 })).toBe(hashOf({ b: 2, a: 1 }));
    expect(hashOf([1, 2])).not.toBe(hashOf([2, 1]));
  });

  it("tell arrays of other types and other divisions apart", () => {
    const bytes = (...values: number[]) => Uint8Array.from(values);
    expect(hashArrays([bytes(1, 2), bytes(3)])).not.toBe(hashArrays([bytes(1), bytes(2, 3)]));
    expect(hashArrays([new Int32Array(2)])).not.toBe(hashArrays([new Float32Array(2)]));
  });
});

describe("suggestName", () => {
  it("names the nearest where one is near", () => {
    expect(suggestName("mk-100k", ["ml-100k", "world"])).toMatch(/^Did you mean ml-100k\?/);
    expect(suggestName("netflix-prize", ["ml-100k", "world"])).toBe("Known: ml-100k, world.");
  });
});
