import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { DataError, ProviderError } from "../../core/errors.js";
import { hashFile, hashOf } from "../../core/hash.js";
import { SafetensorsFile, type TensorEntry } from "../../core/safetensors-file.js";
import { type ModelConfig, readConfig, readJson, tokenList } from "./config.js";
import { expectedTensors, HEAD } from "./tensors.js";

/** Files that a folder needs for its tokenizer; both, or transformers.js fails with a riddle. */
export const TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json"] as const;

/** Further small files that belong to a model and travel with it where they exist. */
export const COMPANION_FILES = [
  "generation_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
] as const;

/**
 * A Hugging Face model folder, opened: configuration read, every tensor's name and shape checked against it, no weight in
 * memory yet. Close it after use.
 */
export class Checkpoint {
  private constructor(
    readonly folder: string,
    readonly config: ModelConfig,
    /** config.json as it stands. */
    readonly rawConfig: Readonly<Record<string, unknown>>,
    private readonly files: readonly SafetensorsFile[],
    private readonly places: ReadonlyMap<string, SafetensorsFile>,
  ) {}

  /**
   * @throws ProviderError (exit 4) in one line: unsupported architecture, missing tokenizer, truncated file, missing tensor, wrong shape.
   */
  static async open(folder: string): Promise<Checkpoint> {
    const { config, raw } = await readConfig(folder);
    checkTokenizerFiles(folder);
    const files: SafetensorsFile[] = [];
    try {
      for (const file of await weightFiles(folder)) files.push(await openWeights(join(folder, file)));
      return new Checkpoint(folder, config, raw, files, placeTensors(folder, config, files));
    } catch (error) {
      await Promise.all(files.map((file) => file.close()));
      throw error;
    }
  }

  /** A tensor's values as float32. A tied head has no tensor of its own. */
  async read(name: string): Promise<Float32Array> {
    const file = this.places.get(name);
    if (file === undefined) throw new Error(`the checkpoint ${this.folder} has no tensor ${name}`);
    return asProviderError(() => file.readFloats(name));
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  /** All tensors of the model, in memory. */
  async readAll(): Promise<Map<string, Float32Array>> {
    const tensors = new Map<string, Float32Array>();
    for (const name of this.places.keys()) tensors.set(name, await this.read(name));
    return tensors;
  }

  /** SHA-256 over configuration, weights, tokenizer and chat template: equal hashes are equal models, wherever they lie. */
  async hash(): Promise<string> {
    const weights = await Promise.all(this.files.map((file) => hashFile(file.path)));
    const companions: Record<string, string> = {};
    for (const name of [...TOKENIZER_FILES, ...COMPANION_FILES]) {
      const file = join(this.folder, name);
      if (existsSync(file)) companions[name] = await hashFile(file);
    }
    return hashOf({ config: this.rawConfig, weights, companions });
  }

  /** Bytes of the weights on disk. */
  get storedBytes(): number {
    let bytes = 0;
    for (const file of this.files) for (const { from, to } of file.entries.values()) bytes += to - from;
    return bytes;
  }

  async close(): Promise<void> {
    await Promise.all(this.files.map((file) => file.close()));
  }
}

/** @throws ProviderError that names the tokenizer file that is missing. */
export function checkTokenizerFiles(folder: string): void {
  for (const file of TOKENIZER_FILES) {
    if (!existsSync(join(folder, file))) {
      throw new ProviderError("NO_TOKENIZER", `the model folder has no ${file}`, {
        file: folder,
        hint: "Save the tokenizer there too: tokenizer.json (the fast tokenizer) and tokenizer_config.json.",
      });
    }
  }
}

/** Whether a folder holds weights in safetensors (adapters aside). */
export async function hasWeights(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  return names.some((name) => /\.safetensors(\.index\.json)?$/.test(name) && !name.startsWith("adapter_"));
}

/** The tokens that end an answer: those of generation_config.json, else those of config.json. */
export async function endTokens(folder: string): Promise<number[]> {
  for (const name of ["generation_config.json", "config.json"]) {
    const file = join(folder, name);
    if (!existsSync(file)) continue;
    const tokens = tokenList((await readJson(file)).eos_token_id);
    if (tokens.length > 0) return tokens;
  }
  return [];
}

/** The weight files by the index of a sharded checkpoint, else model.safetensors, else any *.safetensors. */
async function weightFiles(folder: string): Promise<string[]> {
  const index = join(folder, "model.safetensors.index.json");
  if (existsSync(index)) {
    const { weight_map } = await readJson(index);
    if (typeof weight_map !== "object" || weight_map === null) {
      throw new ProviderError("BAD_CHECKPOINT", "the index has no weight_map", { file: index });
    }
    return [...new Set(Object.values(weight_map as Record<string, string>))]
      .map((name) => basename(name))
      .sort();
  }
  if (existsSync(join(folder, "model.safetensors"))) return ["model.safetensors"];
  const names = (await readdir(folder)).filter(
    (name) => name.endsWith(".safetensors") && !name.startsWith("adapter_"),
  );
  if (names.length > 0) return names.sort();
  const pickled = (await readdir(folder)).some((name) => name.endsWith(".bin"));
  throw new ProviderError("NO_WEIGHTS", "the model folder has no *.safetensors", {
    file: folder,
    hint: pickled
      ? "Pickled weights (*.bin) aren't read: save the model with safe_serialization=True."
      : "Expected model.safetensors, or shards with model.safetensors.index.json.",
  });
}

/** A broken weight file is the provider's fault (exit 4), not the data set's. */
async function asProviderError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new ProviderError("BAD_CHECKPOINT", error.message, {
      ...error.place,
      hint: error.hint,
      cause: error,
    });
  }
}

async function openWeights(path: string): Promise<SafetensorsFile> {
  return asProviderError(() => SafetensorsFile.open(path));
}

function placeTensors(
  folder: string,
  config: ModelConfig,
  files: readonly SafetensorsFile[],
): Map<string, SafetensorsFile> {
  const found = new Map<string, { file: SafetensorsFile; entry: TensorEntry }>();
  for (const file of files) for (const [name, entry] of file.entries) found.set(name, { file, entry });
  const places = new Map<string, SafetensorsFile>();
  for (const [name, shape] of expectedTensors(config)) {
    const place = found.get(name);
    if (place === undefined) {
      const hint =
        name === HEAD
          ? 'A model without an output head of its own says "tie_word_embeddings": true in config.json.'
          : "The weights and config.json belong to different models.";
      throw new ProviderError("BAD_CHECKPOINT", `the weights lack the tensor ${name}`, {
        file: folder,
        hint,
      });
    }
    const { file, entry } = place;
    if (entry.shape.length !== shape.length || entry.shape.some((side, i) => side !== shape[i])) {
      throw new ProviderError(
        "BAD_CHECKPOINT",
        `tensor ${name} has shape [${entry.shape.join(", ")}], but config.json asks for [${shape.join(", ")}]`,
        { file: file.path, hint: "The weights and config.json belong to different models." },
      );
    }
    places.set(name, file);
  }
  return places;
}
