import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { zipSync, type Zippable } from "fflate";
import { describe, expect, it } from "vitest";
import { openSource } from "../../src/data/source.js";
import { extractZipEntry, listZip } from "../../src/data/zip.js";
import { failureOf, folderOf } from "./readers/files.js";

function zipFile(files: Zippable): string {
  return join(folderOf({ "a.zip": zipSync(files) }), "a.zip");
}

describe("zip archives", () => {
  it("give back what fflate packed, stored or deflated", async () => {
    const name = fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8})?$/);
    const content = fc.tuple(fc.uint8Array({ maxLength: 3000 }), fc.constantFrom<0 | 9>(0, 9));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, content, { maxKeys: 5, noNullPrototype: true }), async (files) => {
        const flat = Object.entries(files).map(
          ([key, [bytes, level]]) => [`${key}.dat`, [bytes, { level }]] as const,
        );
        const path = zipFile(Object.fromEntries(flat) as Zippable);
        const entries = await listZip(path);
        expect(entries.map((entry) => entry.name).sort()).toEqual(flat.map(([key]) => key).sort());
        for (const [key, [bytes]] of flat) {
          const target = `${path}.out`;
          await extractZipEntry(
            path,
            entries.find((entry) => entry.name === key)!,
            target,
          );
          expect(new Uint8Array(readFileSync(target))).toEqual(bytes);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("are refused where they were cut, at any place", async () => {
    const path = zipFile({ "ratings.csv": [new Uint8Array(5000), { level: 0 }] });
    const whole = readFileSync(path);
    for (const length of [0, 3, 10, 1000, whole.length - 30, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      expect(await failureOf(listZip(path))).toMatchObject({
        code: length < 4 ? "NOT_A_ZIP" : "TRUNCATED_ZIP",
        exit: 3,
        file: path,
      });
    }
    writeFileSync(path, "<html>");
    expect(await failureOf(listZip(path))).toMatchObject({ code: "NOT_A_ZIP" });
  });

  it("are refused where a byte of the content differs", async () => {
    const path = zipFile({ "a.dat": [new Uint8Array(2000).fill(7), { level: 0 }] });
    const bytes = readFileSync(path);
    bytes[1000] ^= 1;
    writeFileSync(path, bytes);
    const [entry] = await listZip(path);
    expect(await failureOf(extractZipEntry(path, entry, `${path}.out`))).toMatchObject({
      code: "BAD_ZIP",
      exit: 3,
    });
  });

  it("can't write outside the temporary folder, and leave nothing behind", async () => {
    const source = await openSource(
      zipFile({ "../../evil.csv": new Uint8Array([65]), "__MACOSX/x": new Uint8Array(1) }),
    );
    expect(source.names).toEqual(["../../evil.csv"]);
    const file = await source.open("../../evil.csv");
    expect(file.path).toMatch(/llmrec-unzip-[^/\\]+[/\\]\d+-evil\.csv$/);
    expect(readFileSync(file.path, "utf8")).toBe("A");
    await source.close();
    expect(() => readFileSync(file.path)).toThrow();
  });
});
