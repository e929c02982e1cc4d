import { chmod, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { examine, folder, machine, node } from "../../src/experiment/doctor.js";

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "doctor-"));
});

describe("examine", () => {
  it("finds a working installation well, names keys without their values, and leaves no trace", async () => {
    const findings = await examine({
      cache: join(place, "deep", "cache"),
      out: join(place, "runs"),
      environment: { OPENAI_API_KEY: "sk-secret", HF_HUB_CACHE: join(place, "hub"), HF_HUB_OFFLINE: "1" },
    });
    expect(findings.filter(({ status }) => status === "fail")).toEqual([]);
    const text = JSON.stringify(findings);
    for (const part of ["ONNX Runtime runs a graph on cpu", "DuckDB v", "set: OPENAI_API_KEY", "offline"])
      expect(text).toContain(part);
    expect(text).not.toContain("sk-secret");
    expect(await readdir(place)).toEqual([]);
  });

  it("tells what is wrong and what to do", async () => {
    expect(node("18.19.0")).toMatchObject({ status: "fail", hint: "Install Node.js 20 or newer." });
    expect(node("24.1.0").status).toBe("ok");
    expect(machine(2 ** 29)).toMatchObject({ status: "warn" });
    await writeFile(join(place, "file"), "");
    expect(await folder(join(place, "file", "runs"), "Choose another.")).toMatchObject({
      status: "fail",
      hint: "Choose another.",
    });
    expect(await readdir(place)).toEqual(["file"]);
    if (process.getuid?.() === 0) return;
    await chmod(place, 0o500);
    expect((await folder(join(place, "runs"), "")).status).toBe("fail");
  });
});
