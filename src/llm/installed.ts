import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Checkpoint } from "./checkpoint/checkpoint.js";
import { parameterCount } from "./checkpoint/tensors.js";
import { EMBEDDED_MODELS, type EmbeddedName, embeddedFolder } from "./embedded.js";
import { hubCacheDir } from "./hub/cache.js";
import { MODEL_SPECS } from "./spec.js";

/** A model that is on this machine. */
export interface InstalledModel {
  /** What `--llm` takes. */
  readonly spec: string;
  readonly folder: string;
  /** Null where the folder holds no readable weights (an ONNX export, an architecture that isn't supported). */
  readonly parameters: number | null;
  readonly vocabulary: number | null;
  readonly contextLength: number | null;
  readonly bytes: number | null;
  /** SHA-256 over weights, configuration and tokenizer. Only of the models that ship with the program: others may be large. */
  readonly hash: string | null;
}

/** The models that ship with the program, and those of the Hub's cache. */
export async function installedModels(): Promise<InstalledModel[]> {
  const shipped = (Object.keys(EMBEDDED_MODELS) as EmbeddedName[]).flatMap((spec) => {
    try {
      return [{ spec, folder: embeddedFolder(spec), hashed: true }];
    } catch {
      return [];
    }
  });
  const found = [...shipped, ...(await cachedModels())];
  return Promise.all(found.map(({ spec, folder, hashed }) => describe(spec, folder, hashed)));
}

async function cachedModels(): Promise<{ spec: string; folder: string; hashed: boolean }[]> {
  const home = hubCacheDir();
  if (!existsSync(home)) return [];
  const found: { spec: string; folder: string; hashed: boolean }[] = [];
  for (const name of (await readdir(home)).sort()) {
    const match = /^models--(.+?)--(.+)$/.exec(name);
    const snapshots = join(home, name, "snapshots");
    if (match === null || !existsSync(snapshots)) continue;
    for (const commit of await readdir(snapshots)) {
      const folder = join(snapshots, commit);
      if (existsSync(join(folder, "config.json")))
        found.push({ spec: `hf:${match[1]}/${match[2]}`, folder, hashed: false });
    }
  }
  return found;
}

async function describe(spec: string, folder: string, hashed: boolean): Promise<InstalledModel> {
  try {
    const checkpoint = await Checkpoint.open(folder);
    try {
      const { config } = checkpoint;
      return {
        spec,
        folder,
        parameters: parameterCount(config),
        vocabulary: config.vocabularySize,
        contextLength: config.contextLength,
        bytes: checkpoint.storedBytes,
        hash: hashed ? await checkpoint.hash() : null,
      };
    } finally {
      await checkpoint.close();
    }
  } catch {
    return { spec, folder, parameters: null, vocabulary: null, contextLength: null, bytes: null, hash: null };
  }
}

/** The list for a person: what is here, then every form of a SPEC. */
export function formatModels(models: readonly InstalledModel[]): string {
  const rows = models.map(({ spec, parameters, contextLength, bytes, folder }) => [
    spec,
    parameters === null ? "?" : `${(parameters / 1e6).toFixed(1)}M parameters`,
    contextLength === null ? "?" : `${contextLength} tokens`,
    bytes === null ? "?" : `${(bytes / 1e6).toFixed(1)} MB`,
    folder,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => row.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join("  "));
  const forms = MODEL_SPECS.map(({ form, meaning }) => `  ${form}: ${meaning}`);
  return [...lines, "", "--llm takes", ...forms].join("\n");
}
