import { spawn } from "node:child_process";
import { mkdtemp, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { LOCK_FILE, lockFolder } from "../../src/core/lock.js";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "llmrec-lock-"));
  file = join(folder, LOCK_FILE);
});

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.once("close", resolve));
  return child.pid!;
}

describe("lockFolder", () => {
  it("lets one in, and the next once it is released", async () => {
    const release = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: "FOLDER_IN_USE", exit: 2 });
    await release();
    await (
      await lockFolder(folder)
    )();
  });

  it("waits for as long as it is told", async () => {
    const release = await lockFolder(folder);
    let told = 0;
    const second = lockFolder(folder, { patience: 10_000, onWait: () => told++ });
    setTimeout(() => void release(), 400);
    await (
      await second
    )();
    expect(told).toBe(1);
  });

  it("takes over from a dead process and from a cut file, not from a living one", async () => {
    await writeFile(file, JSON.stringify({ pid: await deadProcess(), host: hostname(), token: "x" }));
    await (
      await lockFolder(folder)
    )();
    await writeFile(file, '{"pid":');
    await (
      await lockFolder(folder)
    )();
    await writeFile(file, JSON.stringify({ pid: process.ppid, host: hostname(), token: "x" }));
    await expect(lockFolder(folder)).rejects.toThrow(`process ${process.ppid}`);
  });

  it("takes another machine's silence of a quarter of an hour for death", async () => {
    await writeFile(file, JSON.stringify({ pid: 1, host: "elsewhere", token: "x" }));
    await expect(lockFolder(folder)).rejects.toThrow("on elsewhere");
    const long = new Date(Date.now() - 16 * 60_000);
    await utimes(file, long, long);
    await (
      await lockFolder(folder)
    )();
  });

  it("lets exactly one of many in, also when they all take over a dead one's", async () => {
    await writeFile(file, JSON.stringify({ pid: await deadProcess(), host: hostname(), token: "x" }));
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    const inside = all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(inside).toHaveLength(1);
    await inside[0]();
    await expect(readFile(file)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
