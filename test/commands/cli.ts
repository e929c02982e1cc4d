import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../src/core/random.js";
import { packageRoot } from "../../src/core/files.js";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built program as a user would, in a folder of its own. */
export function start(
  words: readonly string[],
  options: { cwd: string; env?: Record<string, string>; input?: string },
): { child: ChildProcess; finished: Promise<Finished> } {
  const child = spawn(process.execPath, [join(packageRoot(), "bin", "run.js"), ...words], {
    cwd: options.cwd,
    // NODE_ENV=test, which the test runner sets, would make oclif look for TypeScript sources.
    env: { ...process.env, NODE_ENV: "production", NO_COLOR: "1", ...options.env },
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  child.stdin?.end(options.input);
  const streams = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (streams.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (streams.stderr += chunk.toString()));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, ...streams });
    });
  });
  return { child, finished };
}

export function run(words: readonly string[], cwd: string, env?: Record<string, string>): Promise<Finished> {
  return start(words, { cwd, env }).finished;
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "llmrec-cli-"));
}

/** A small table of ratings with two tastes in it, as a CSV file in a new folder: enough for every classic recommender. */
export async function ratingsFolder({ users = 60, items = 50 } = {}): Promise<{
  folder: string;
  file: string;
}> {
  const random = Random.fromSeed("ratings");
  const lines = ["user,item,rating,timestamp"];
  for (let user = 0; user < users; user++) {
    for (let item = 0; item < items; item++) {
      const likes = item % 2 === user % 2;
      if (random.uniform() < (likes ? 0.5 : 0.05))
        lines.push(`u${user},i${item},${likes ? 5 : 2},${1000 + lines.length}`);
    }
  }
  const folder = await temporaryFolder();
  const file = join(folder, "ratings.csv");
  await writeFile(file, lines.join("\n") + "\n");
  return { folder, file };
}
