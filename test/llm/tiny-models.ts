import { mkdir, mkdtemp } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CostMeter } from "../../src/core/cost.js";
import { silentProgress } from "../../src/core/progress.js";
import { parseConfig } from "../../src/llm/checkpoint/config.js";
import { expectedTensors } from "../../src/llm/checkpoint/tensors.js";
import { writeCheckpoint, type WriteCheckpointOptions } from "../../src/llm/checkpoint/write-checkpoint.js";
import type { CallContext } from "../../src/llm/language-model.js";

/** Where the goldens lie. */
export const GOLDEN_FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../goldens");

export interface GoldenCase {
  lastLogits: number[];
  logitSums: number[];
  greedy: number[];
  lastState: number[];
  meanState: number[];
}

/** Made by test/goldens/language_models.py with PyTorch transformers. */
export const GOLDENS = JSON.parse(readFileSync(join(GOLDEN_FOLDER, "language-models.json"), "utf8")) as {
  prompts: { text: string; ids: number[] }[];
  models: Record<string, { config: Record<string, unknown>; cases: GoldenCase[] }>;
};

export const TINY_TOKENIZER = join(GOLDEN_FOLDER, "tiny-tokenizer");

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(text: string): number {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The weights that language_models.py computes: a hash of the index, scaled by the kind of tensor. */
export function goldenWeights(name: string, size: number): Float32Array {
  const seed = crc32(name);
  const scale = name.endsWith("bias") ? 0.125 : 0.375;
  return Float32Array.from({ length: size }, (_, i) => {
    let h = (Math.imul(i, 2654435761) + seed) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h = (h ^ (h >>> 16)) >>> 0;
    const u = (h >>> 8) / 2 ** 23 - 1;
    return name.endsWith("norm.weight") ? 1 + 0.25 * u : scale * u;
  });
}

/** Writes the checkpoint of a golden model (or of any configuration) to a folder. */
export async function writeTinyModel(
  folder: string,
  raw: Readonly<Record<string, unknown>>,
  options: Partial<WriteCheckpointOptions> = {},
  change: (name: string, values: Float32Array, shape: readonly number[]) => Float32Array = (_, values) =>
    values,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const config = parseConfig(raw, "config.json");
  const shapes = expectedTensors(config);
  const values = (name: string) => {
    const shape = shapes.get(name)!;
    return change(
      name,
      goldenWeights(
        name,
        shape.reduce((a, b) => a * b, 1),
      ),
      shape,
    );
  };
  await writeCheckpoint(folder, config, values, { rawConfig: raw, companions: TINY_TOKENIZER, ...options });
  return folder;
}

/** A model folder under `root` by the name of its golden. */
export async function goldenModel(root: string, name: string): Promise<string> {
  return writeTinyModel(join(root, name), GOLDENS.models[name].config);
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "llmrec-llm-"));
}

export function callContext(controller = new AbortController()): CallContext {
  return { cost: new CostMeter(), progress: silentProgress(), signal: controller.signal };
}
