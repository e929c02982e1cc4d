import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import { DataError, ProviderError } from "../../core/errors.js";
import { writeJson } from "../../core/files.js";
import { SafetensorsFile, writeSafetensorsFile } from "../../core/safetensors-file.js";
import { readJson } from "../checkpoint/config.js";
import { type Projection, PROJECTIONS } from "../checkpoint/tensors.js";
import { adaptedProjections, type LoraAdapter, type LoraPair, parseModulePath } from "./lora.js";

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";
const PREFIX = "base_model.model.";

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a PEFT adapter folder: adapter_config.json and adapter_model.safetensors.
 * @throws ProviderError for what isn't plain LoRA on linear layers (DoRA, biases, saved modules), or for files that don't fit together.
 */
export async function readAdapter(folder: string): Promise<LoraAdapter> {
  const file = join(folder, CONFIG);
  const config = await readJson(file);
  checkKind(config, file);
  const pairs = await readPairs(join(folder, WEIGHTS), config);
  const rank = config.r as number;
  const adapter = {
    baseName: typeof config.base_model_name_or_path === "string" ? config.base_model_name_or_path : null,
    pairs,
    options: {
      rank,
      alpha: config.lora_alpha as number,
      dropout: typeof config.lora_dropout === "number" ? config.lora_dropout : 0,
      targets: [] as Projection[],
    },
  };
  adapter.options.targets = adaptedProjections(adapter);
  return adapter;
}

function checkKind(config: Json, file: string): void {
  const refuse = (what: string) =>
    new ProviderError("UNSUPPORTED_ADAPTER", `${what} isn't supported`, {
      file,
      hint: `Supported: LoRA on ${PROJECTIONS.join(", ")}; merge others into their base with PEFT first.`,
    });
  if (config.peft_type !== "LORA")
    throw refuse(`the adapter type ${JSON.stringify(config.peft_type ?? null)}`);
  if (config.use_dora === true) throw refuse("DoRA");
  if (config.fan_in_fan_out === true) throw refuse("fan_in_fan_out");
  if (config.bias !== undefined && config.bias !== "none") throw refuse("training of biases");
  if (Array.isArray(config.modules_to_save) && config.modules_to_save.length > 0)
    throw refuse("modules_to_save");
  for (const key of ["r", "lora_alpha"]) {
    if (typeof config[key] !== "number") {
      throw new ProviderError("BAD_ADAPTER", `the number ${key} is missing`, { file });
    }
  }
}

/** A value of `rank_pattern` or `alpha_pattern` for a module: a key is the end of its path. */
function byPattern(pattern: unknown, path: string, fallback: number): number {
  if (typeof pattern !== "object" || pattern === null) return fallback;
  for (const [key, value] of Object.entries(pattern)) {
    if (typeof value === "number" && (path === key || path.endsWith(`.${key}`))) return value;
  }
  return fallback;
}

async function readPairs(path: string, config: Json): Promise<Map<string, LoraPair>> {
  let file: SafetensorsFile;
  try {
    file = await SafetensorsFile.open(path);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new ProviderError("BAD_ADAPTER", error.message, { ...error.place, hint: error.hint, cause: error });
  }
  try {
    const pairs = new Map<string, LoraPair>();
    const bad = (why: string) => new ProviderError("BAD_ADAPTER", why, { file: path });
    for (const [name, { shape }] of file.entries) {
      const match = /^(?:base_model\.model\.)?(.*)\.lora_A(?:\.default)?\.weight$/.exec(name);
      if (match === null) {
        if (/\.lora_B(?:\.default)?\.weight$/.test(name)) continue;
        throw bad(`the tensor ${name} is no LoRA matrix of a linear layer`);
      }
      const [, module] = match;
      if (parseModulePath(module) === undefined) throw bad(`${module} is no linear layer of a block`);
      const other = name.replace("lora_A", "lora_B");
      const b = file.entries.get(other);
      if (b === undefined) throw bad(`the tensor ${other} is missing`);
      const rank = shape[0];
      if (shape.length !== 2 || b.shape.length !== 2 || b.shape[1] !== rank) {
        throw bad(`${module}: A is [${shape.join(", ")}] and B [${b.shape.join(", ")}]: their ranks differ`);
      }
      const alpha = byPattern(config.alpha_pattern, module, config.lora_alpha as number);
      const scale = config.use_rslora === true ? alpha / Math.sqrt(rank) : alpha / rank;
      pairs.set(module, { rank, scale, a: await file.readFloats(name), b: await file.readFloats(other) });
    }
    if (pairs.size === 0) throw bad("the file holds no LoRA matrices");
    return pairs;
  } finally {
    await file.close();
  }
}

/** Writes an adapter folder that PEFT and this program load. All pairs must have the rank and scale of the adapter's options. */
export async function writeAdapter(folder: string, adapter: LoraAdapter): Promise<void> {
  const { rank, alpha, dropout, targets } = adapter.options;
  for (const [path, pair] of adapter.pairs) {
    if (pair.rank !== rank || Math.abs(pair.scale - alpha / rank) > 1e-9 * pair.scale) {
      throw new Error(`${path}: rank ${pair.rank} and scale ${pair.scale} differ from the adapter's own`);
    }
  }
  await mkdir(folder, { recursive: true });
  const tensors = [...adapter.pairs].flatMap(([path, { a, b }]) => [
    { name: `${PREFIX}${path}.lora_A.weight`, shape: [rank, a.length / rank], values: () => a },
    { name: `${PREFIX}${path}.lora_B.weight`, shape: [b.length / rank, rank], values: () => b },
  ]);
  await writeSafetensorsFile(join(folder, WEIGHTS), tensors, { metadata: { format: "pt" } });
  await writeJson(join(folder, CONFIG), {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: adapter.baseName,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: [...targets],
    bias: "none",
    fan_in_fan_out: false,
    init_lora_weights: true,
    inference_mode: true,
    use_rslora: false,
    use_dora: false,
    modules_to_save: null,
    rank_pattern: {},
    alpha_pattern: {},
  });
}
