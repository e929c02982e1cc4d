import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { codeVersion } from "../core/code-version.js";
import { DataError } from "../core/errors.js";
import { fileError, packageRoot } from "../core/files.js";
import type { HistoryStep } from "../data/dataset.js";
import { deviceOf } from "../engine/run/providers.js";
import type { RunConfig } from "./config.js";

/** What made a run, for whoever wants to repeat it. Unlike the scoreboard it holds times and the host. */
export interface Manifest {
  readonly schemaVersion: 1;
  readonly status: "running" | "finished";
  readonly command: string;
  readonly arguments: readonly string[];
  readonly config: RunConfig;
  /** Every option of every recommender that takes part, defaults included. */
  readonly recommenders: Readonly<Record<string, unknown>>;
  readonly data: {
    readonly name: string;
    readonly hash: string;
    readonly users: number;
    readonly items: number;
    readonly interactions: number;
    readonly history: readonly HistoryStep[];
  };
  readonly split: {
    readonly description: string;
    readonly hash: string;
    readonly interactions: Readonly<Record<string, number>>;
  };
  readonly program: Program;
  /** Hash of each plugin's source by its name. */
  readonly plugins: Readonly<Record<string, string>>;
  readonly host: Host;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly seconds: number | null;
  readonly warnings: readonly string[];
}

export interface Program {
  readonly version: string;
  /** Hash of the program's own source, see `codeVersion`. */
  readonly code: string;
  /** Commit of the checkout that the program runs from; null for an installed package. */
  readonly git: { readonly commit: string; readonly dirty: boolean } | null;
  readonly node: string;
  readonly packages: Readonly<Record<string, string>>;
}

export interface Host {
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Where graphs ran that do not say so themselves. */
  readonly provider: string;
  readonly threads: number;
}

/**
 * The manifest of a run's folder.
 * @param hint - what to name instead, where the folder holds no run.
 * @throws DataError NOT_A_RUN, BROKEN_JSON.
 */
export async function readManifest(run: string, hint: string): Promise<Manifest> {
  const file = join(run, "manifest.json");
  if (!existsSync(file)) {
    throw new DataError("NOT_A_RUN", "no run: manifest.json is not here", { file: run, hint });
  }
  try {
    return JSON.parse(await readFile(file, "utf8")) as Manifest;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw fileError(error, file);
    throw new DataError("BROKEN_JSON", error.message, { file, hint, cause: error });
  }
}

/** The program as it runs: version, commit, Node and the packages that numbers depend on. */
export async function describeProgram(): Promise<Program> {
  const root = packageRoot();
  const { version, dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const require = createRequire(import.meta.url);
  const packages: Record<string, string> = {};
  for (const name of Object.keys(dependencies)) {
    const installed = await installedVersion(require, name);
    if (installed !== null) packages[name] = installed;
  }
  return { version, code: await codeVersion(), git: await gitState(root), node: process.version, packages };
}

async function installedVersion(require: NodeJS.Require, name: string): Promise<string | null> {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const text = await readFile(join(folder, name, "package.json"), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return null;
}

async function gitState(folder: string): Promise<Program["git"]> {
  const git = async (...words: string[]) =>
    (await promisify(execFile)("git", words, { cwd: folder })).stdout.trim();
  try {
    // An installed package may lie below somebody else's repository: only our own checkout counts.
    const top = await git("rev-parse", "--show-toplevel");
    if (top !== folder) return null;
    return { commit: await git("rev-parse", "HEAD"), dirty: (await git("status", "--porcelain")) !== "" };
  } catch {
    return null;
  }
}

export function describeHost(): Host {
  const processors = cpus();
  return {
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    ...deviceOf(),
  };
}
