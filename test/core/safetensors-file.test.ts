import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../src/core/safetensors.js";
import { SafetensorsFile, writeSafetensorsFile } from "../../src/core/safetensors-file.js";

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "llmrec-safetensors-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const VALUES = Float32Array.of(1, -2.5, 0, 3.25, 100, 0.5);
const sources = [
  { name: "a", shape: [2, 3], values: () => VALUES },
  { name: "b", shape: [1], values: () => Promise.resolve(Float32Array.of(7)) },
];

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe("a safetensors file", () => {
  it.each(["F32", "F16", "BF16"] as const)("%s: reads what was written, tensor by tensor", async (type) => {
    const path = join(folder, `${type}.safetensors`);
    await writeSafetensorsFile(path, sources, { type, metadata: { format: "pt" } });
    const file = await SafetensorsFile.open(path);
    expect([...file.entries.keys()]).toEqual(["a", "b"]);
    expect(file.entries.get("a")).toMatchObject({ type, shape: [2, 3] });
    expect(file.metadata).toEqual({ format: "pt" });
    expect(await file.readFloats("a")).toEqual(VALUES);
    expect(await file.readFloats("b")).toEqual(Float32Array.of(7));
    await file.close();
  });

  it("is the format that the whole-file reader reads", async () => {
    const path = join(folder, "plain.safetensors");
    await writeSafetensorsFile(path, sources);
    const tensors = await readSafetensors(path);
    expect(tensors.a.data).toEqual(VALUES);
  });

  it("says in one line what is wrong", async () => {
    const path = join(folder, "whole.safetensors");
    await writeSafetensorsFile(path, sources);
    const bytes = await readFile(path);
    const cut = await write("cut.safetensors", bytes.subarray(0, bytes.length - 3));
    await expect(SafetensorsFile.open(cut)).rejects.toMatchObject({
      code: "BAD_SAFETENSORS",
      place: { file: cut },
      message: expect.stringMatching(
        /tensor b ends at byte \d+, but the file has only \d+: it was cut short/,
      ) as string,
    });
    const headless = await write("headless.safetensors", bytes.subarray(0, 40));
    await expect(SafetensorsFile.open(headless)).rejects.toThrow("the header runs past the end of the file");
    const short = await write("short.safetensors", bytes.subarray(0, 5));
    await expect(SafetensorsFile.open(short)).rejects.toThrow("5 bytes are fewer than its 8-byte prefix");
    const page = await write("page.safetensors", Buffer.from("<html>Service unavailable</html>"));
    await expect(SafetensorsFile.open(page)).rejects.toThrow("announce a header of");
    const text = bytes.toString("latin1").replace("[2,3]", "[2,4]");
    const lying = await write("lying.safetensors", Buffer.from(text, "latin1"));
    await expect(SafetensorsFile.open(lying)).rejects.toThrow(
      "tensor a has 24 bytes, but F32[2, 4] needs 32",
    );
    await expect(SafetensorsFile.open(join(folder, "none"))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
  });
});
