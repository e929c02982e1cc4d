import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { freemem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { withConnection } from "../core/duckdb.js";
import { presentProviders } from "../engine/run/providers.js";
import { hubCacheDir } from "../llm/hub/cache.js";
import { describeHost, describeProgram } from "./manifest.js";

/** What was found out about one thing that the program needs. */
export interface Finding {
  readonly name: string;
  /** `fail`: commands will fail. `warn`: some will, or will be slow. */
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
  /** What to do about it; null where all is well. */
  readonly hint: string | null;
}

export interface Surroundings {
  /** Folder of downloaded data sets. */
  readonly cache: string;
  /** Folder for run folders. */
  readonly out: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const GIB = 2 ** 30;
const OLDEST_NODE = 20;

/** Tries everything that the program needs, without the network. A check that throws is a failed one. */
export async function examine(around: Surroundings): Promise<Finding[]> {
  const checks: readonly (readonly [string, () => Promise<Omit<Finding, "name">>])[] = [
    ["program", program],
    ["node", () => Promise.resolve(node(process.versions.node))],
    ["machine", () => Promise.resolve(machine(freemem()))],
    ["training and inference", runtime],
    ["data files", duckdb],
    ["charts", canvas],
    ["cache folder", () => folder(around.cache, "Set LLMREC_CACHE_DIR to a folder that you can write.")],
    ["run folder", () => folder(around.out, "Choose another folder with --out.")],
    ["models of the hub", () => Promise.resolve(hub(around.environment))],
    ["keys", () => Promise.resolve(keys(around.environment))],
  ];
  const findings: Finding[] = [];
  for (const [name, check] of checks) findings.push({ name, ...(await attempt(check)) });
  return findings;
}

async function attempt(check: () => Promise<Omit<Finding, "name">>): Promise<Omit<Finding, "name">> {
  try {
    return await check();
  } catch (error) {
    const detail = (error instanceof Error ? error.message : String(error)).split("\n")[0];
    return {
      status: "fail",
      detail,
      hint: "Install again: npm ci in a clone, npm install -g for the package.",
    };
  }
}

function ok(detail: string): Omit<Finding, "name"> {
  return { status: "ok", detail, hint: null };
}

async function program(): Promise<Omit<Finding, "name">> {
  const { version, code, git } = await describeProgram();
  const commit = git === null ? "" : `, commit ${git.commit.slice(0, 12)}${git.dirty ? " with changes" : ""}`;
  return ok(`llmrec ${version}, code ${code}${commit}`);
}

/** @param version - `20.11.1`. */
export function node(version: string): Omit<Finding, "name"> {
  if (Number(version.split(".")[0]) >= OLDEST_NODE) return ok(`Node.js ${version}`);
  return {
    status: "fail",
    detail: `Node.js ${version} is too old`,
    hint: `Install Node.js ${OLDEST_NODE} or newer.`,
  };
}

/** @param free - bytes of free memory. */
export function machine(free: number): Omit<Finding, "name"> {
  const { platform, cpu, cores, memoryGiB } = describeHost();
  const detail = `${cpu}, ${cores} cores, ${memoryGiB} GiB (${(free / GIB).toFixed(1)} free), ${platform}`;
  if (free >= 2 * GIB) return ok(detail);
  return {
    status: "warn",
    detail,
    hint: "Free some memory: training and large data sets need 2 GiB and more.",
  };
}

async function runtime(): Promise<Omit<Finding, "name">> {
  const providers = await presentProviders();
  if (providers.includes("cpu")) return ok(`ONNX Runtime runs a graph on ${providers.join(", ")}`);
  return { status: "fail", detail: "ONNX Runtime runs no graph", hint: "Install again with npm ci." };
}

async function duckdb(): Promise<Omit<Finding, "name">> {
  return withConnection(async (connection) => {
    const [[version]] = (await connection.runAndReadAll("SELECT version()")).getRowsJS() as [[string]];
    return ok(`DuckDB ${version} answers`);
  });
}

async function canvas(): Promise<Omit<Finding, "name">> {
  const { createCanvas } = await import("@napi-rs/canvas");
  const drawn = createCanvas(2, 2);
  drawn.getContext("2d").fillRect(0, 0, 2, 2);
  return ok(`a picture of ${drawn.toBuffer("image/png").length} bytes was drawn`);
}

/** A folder that can be written, with room in it; what was made to try it is removed again. */
export async function folder(path: string, hint: string): Promise<Omit<Finding, "name">> {
  const place = resolve(path);
  const first = firstMissing(place);
  const probe = join(place, `.llmrec-doctor-${process.pid}`);
  try {
    await mkdir(place, { recursive: true });
    await writeFile(probe, "");
    const { bavail, bsize } = await statfs(place);
    const free = bavail * bsize;
    const detail = `${place} can be written, ${(free / GIB).toFixed(0)} GiB free`;
    if (free >= 2 * GIB) return ok(detail);
    return {
      status: "warn",
      detail,
      hint: "Free some space: a large data set or a model needs 2 GiB and more.",
    };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return { status: "fail", detail: `${place} can not be written (${code})`, hint };
  } finally {
    for (const made of first === undefined ? [probe] : [probe, first])
      await rm(made, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** The topmost folder of a path that does not exist yet. */
function firstMissing(path: string): string | undefined {
  if (existsSync(path)) return undefined;
  const parent = dirname(path);
  return parent === path ? undefined : (firstMissing(parent) ?? path);
}

function hub(environment: Surroundings["environment"]): Omit<Finding, "name"> {
  const cache = hubCacheDir(environment);
  const offline = /^(1|true|yes|on)$/i.test(environment.HF_HUB_OFFLINE ?? "");
  return ok(`${cache}${existsSync(cache) ? "" : " (not there yet)"}${offline ? ", offline" : ""}`);
}

/** Which keys are there; never their values. */
function keys(environment: Surroundings["environment"]): Omit<Finding, "name"> {
  const names = ["LLMREC_API_KEY", "OPENAI_API_KEY", "HF_TOKEN"].filter(
    (name) => (environment[name] ?? "") !== "",
  );
  return ok(names.length === 0 ? "none set; only remote models need one" : `set: ${names.join(", ")}`);
}
