import { existsSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { ProviderError } from "../../core/errors.js";
import { writeAtomicallyBy } from "../../core/files.js";
import { hashFile, hashOf } from "../../core/hash.js";
import type { Progress } from "../../core/progress.js";
import { deviceOf } from "../../engine/run/providers.js";
import { Checkpoint, endTokens, hasWeights } from "../checkpoint/checkpoint.js";
import { type ModelConfig, readConfig } from "../checkpoint/config.js";
import { EMBEDDING, type Projection, projectionShape } from "../checkpoint/tensors.js";
import { exportContext, exportInference, GRAPH_VERSION, MODEL_FILES } from "../inference/export.js";
import type { WeightType } from "../inference/graph.js";
import {
  type CallContext,
  charge,
  type Choice,
  type ChoiceQuestion,
  type GenerateOptions,
  type Generation,
  type LanguageModel,
  type ModelIdentity,
  type Operation,
  type Prompt,
  type Tokenizer,
  unsupported,
  type Vectors,
} from "../language-model.js";
import type { BatchLimits } from "./batches.js";
import { chooseRows, splitQuestion } from "./choose.js";
import { type AdapterMatrices, Decoder, loraInputShapes } from "./decoder.js";
import { poolStates, type Pooling } from "./embed.js";
import { type Batching, generateRows } from "./generate.js";
import { type FolderTokenizer, loadTokenizer } from "./tokenizer.js";

export interface LocalModelOptions {
  /** Name in tables and recordings; default the folder. */
  readonly name?: string;
  /** Where converted models are kept; default `$LLMREC_CACHE_DIR`, else `llmrec` in the user's cache folder. */
  readonly cacheDir?: string;
  /** Default fp32. */
  readonly weights?: WeightType;
  /** The most tokens of prompt and answer. */
  readonly context?: number;
  /** Default: all cores. More threads than cores are slower. */
  readonly threads?: number;
  /** Projections that adapters may change later; default none. */
  readonly adapted?: readonly Projection[];
  /** Default equal-length. */
  readonly batching?: Batching;
  /** Default 32 rows, 8,192 tokens. */
  readonly limits?: BatchLimits;
  readonly progress?: Progress;
}

/** An adapter ready for the graph, with what identifies it. */
export interface LoadedAdapter {
  readonly name: string;
  readonly hash: string;
  readonly matrices: AdapterMatrices;
}

/** The folder that holds converted models. */
export function defaultCacheDir(): string {
  const { LLMREC_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  return LLMREC_CACHE_DIR ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "llmrec");
}

interface Parts {
  readonly folder: string;
  readonly base: ModelIdentity;
  readonly contextLength: number;
  readonly decoder: Decoder;
  readonly tokens: FolderTokenizer;
  readonly config: ModelConfig | undefined;
  readonly batching: Batching;
  readonly limits: BatchLimits;
}

/**
 * A model of this machine: a Hugging Face folder with weights (converted once and kept in the cache), or a ready ONNX export
 * (generate and choose only where it gives no states).
 */
export class LocalModel implements LanguageModel {
  private adapter: LoadedAdapter | undefined;

  private constructor(private readonly parts: Parts) {}

  /** @throws ProviderError in one line for whatever is wrong with the folder. */
  static async open(folder: string, options: LocalModelOptions = {}): Promise<LocalModel> {
    const path = resolve(folder);
    if (!existsSync(path)) {
      throw new ProviderError("NO_MODEL", "no such model folder", {
        file: folder,
        hint: "Give a folder with config.json, *.safetensors, tokenizer.json and tokenizer_config.json.",
      });
    }
    // Some repositories hold both; the weights can do more.
    const isExport = existsSync(join(path, "onnx")) && !(await hasWeights(path));
    return isExport ? openExport(path, options) : openWeights(path, options);
  }

  /** @internal */
  static of(parts: Parts): LocalModel {
    return new LocalModel(parts);
  }

  get identity(): ModelIdentity {
    const { base } = this.parts;
    if (this.adapter === undefined) return base;
    const { name, hash } = this.adapter;
    return { name: `${base.name} + ${name}`, hash: hashOf([base.hash, hash]) };
  }

  get contextLength(): number {
    return this.parts.contextLength;
  }

  /** What the model looks like; undefined for a ready export. */
  get config(): ModelConfig | undefined {
    return this.parts.config;
  }

  /** The folder of the weights. */
  get folder(): string {
    return this.parts.folder;
  }

  supports(operation: Operation): boolean {
    switch (operation) {
      case "embed":
      case "encode":
        return this.parts.decoder.givesStates;
      case "tokenEmbeddings":
      case "finetune":
        return this.parts.config !== undefined;
      default:
        return true;
    }
  }

  /** Switches to an adapter, or with undefined back to the base model; nothing is loaded again. */
  useAdapter(adapter: LoadedAdapter | undefined): void {
    for (const name of adapter?.matrices.keys() ?? []) {
      if (!this.parts.decoder.takes(name)) {
        throw new Error(`${name}: the model was opened without this projection among those to be adapted`);
      }
    }
    this.adapter = adapter;
    this.parts.decoder.useAdapter(adapter?.matrices ?? new Map());
  }

  async generate(
    prompts: readonly Prompt[],
    options: GenerateOptions,
    context: CallContext,
    each?: (index: number, answer: Generation) => void,
  ): Promise<Generation[]> {
    const { tokens: tokenizer, decoder, batching, limits } = this.parts;
    const rows = prompts.map((prompt, i) => {
      const rendered = tokenizer.render(prompt);
      const tokens = tokenizer.encodeRendered(rendered);
      this.checkLength(tokens.length, options.maxNewTokens, `prompt ${i}`);
      return { rendered, tokens };
    });
    const answers = new Array<Generation>(prompts.length);
    await generateRows(decoder, tokenizer, rows, options, { batching, limits }, context, (index, answer) => {
      answers[index] = answer;
      charge(context.cost, answer.usage);
      each?.(index, answer);
    });
    return answers;
  }

  async choose(
    questions: readonly ChoiceQuestion[],
    context: CallContext,
    each?: (index: number, choice: Choice) => void,
  ): Promise<Choice[]> {
    const split = questions.map((question, i) => {
      const tokens = splitQuestion(this.parts.tokens, question);
      const longest = Math.max(...tokens.suffixes.map((suffix) => suffix.length));
      this.checkLength(tokens.prefix.length, longest, `question ${i}`);
      return tokens;
    });
    const choices = new Array<Choice>(questions.length);
    await chooseRows(this.parts.decoder, split, this.parts.limits, context, (index, choice) => {
      choices[index] = choice;
      charge(context.cost, choice.usage);
      each?.(index, choice);
    });
    return choices;
  }

  embed(texts: readonly string[], context: CallContext): Promise<Vectors> {
    return this.pool(texts, "mean", context);
  }

  encode(texts: readonly string[], context: CallContext): Promise<Vectors> {
    return this.pool(texts, "last", context);
  }

  private async pool(texts: readonly string[], pooling: Pooling, context: CallContext): Promise<Vectors> {
    const operation = pooling === "mean" ? "embed" : "encode";
    if (!this.supports(operation)) {
      throw unsupported(
        this.identity,
        operation,
        "A ready ONNX export gives no hidden states: use the model's folder with *.safetensors (hf:ORG/NAME or dir:PATH).",
      );
    }
    const rows = texts.map((text, i) => {
      const tokens = this.parts.tokens.encode(text, { special: true });
      if (tokens.length === 0)
        throw new ProviderError("EMPTY_TEXT", `text ${i} to ${operation} has no tokens`);
      this.checkLength(tokens.length, 0, `text ${i}`);
      return tokens;
    });
    const vectors = await poolStates(this.parts.decoder, rows, pooling, this.parts.limits, context);
    const promptTokens = rows.reduce((sum, tokens) => sum + tokens.length, 0);
    context.cost.addCalls({ calls: texts.length, promptTokens, completionTokens: 0 });
    return vectors;
  }

  async tokenEmbeddings(): Promise<Vectors> {
    const { config, folder } = this.parts;
    if (config === undefined) {
      throw unsupported(
        this.identity,
        "tokenEmbeddings",
        "Use the model's folder with *.safetensors (hf:ORG/NAME or dir:PATH).",
      );
    }
    const checkpoint = await Checkpoint.open(folder);
    try {
      const data = await checkpoint.read(EMBEDDING);
      return { rows: config.vocabularySize, width: config.hiddenSize, data };
    } finally {
      await checkpoint.close();
    }
  }

  tokenizer(): Promise<Tokenizer> {
    return Promise.resolve(this.parts.tokens);
  }

  private checkLength(tokens: number, more: number, what: string): void {
    const { contextLength } = this.parts;
    if (tokens + more <= contextLength) return;
    const asked = more === 0 ? `${tokens} tokens` : `${tokens} tokens and ${more} more`;
    throw new ProviderError(
      "PROMPT_TOO_LONG",
      `${what} has ${asked}, but ${this.identity.name} takes ${contextLength}`,
      {
        hint: "Shorten the history in the prompt, ask for fewer new tokens, or use a model with a longer context.",
      },
    );
  }

  async close(): Promise<void> {
    await this.parts.decoder.close();
  }
}

async function openWeights(folder: string, options: LocalModelOptions): Promise<LocalModel> {
  const weights = options.weights ?? "fp32";
  const adapted = options.adapted ?? [];
  const checkpoint = await Checkpoint.open(folder);
  try {
    const { config } = checkpoint;
    const hash = await checkpoint.hash();
    const context = exportContext(checkpoint, options);
    const key = hashOf({ hash, weights, adapted, context, version: GRAPH_VERSION }).slice(0, 16);
    const home = join(options.cacheDir ?? defaultCacheDir(), "models", key);
    if (!existsSync(home)) {
      await mkdir(join(home, ".."), { recursive: true });
      options.progress?.note(`converting ${options.name ?? folder} for inference (once)`);
      await writeAtomicallyBy(home, (temporary) =>
        exportInference(checkpoint, temporary, { ...options, weights, adapted }),
      ).catch((error: unknown) => {
        // Another process may have been first; its folder is as good.
        if (!existsSync(home)) throw error;
      });
    }
    const loraShapes = loraInputShapes(
      config.layers,
      adapted.map((name) => ({ name, ...projectionShape(config, name) })),
    );
    return await assemble(home, { weights, loraShapes, hash, context, config, folder }, options);
  } finally {
    await checkpoint.close();
  }
}

async function openExport(folder: string, options: LocalModelOptions): Promise<LocalModel> {
  const weights = options.weights ?? (await firstWeights(folder));
  const file = join(folder, "onnx", MODEL_FILES[weights]);
  if (!existsSync(file)) {
    throw new ProviderError("NO_WEIGHTS", `the export has no onnx/${MODEL_FILES[weights]}`, { file: folder });
  }
  const { config } = await readConfig(folder);
  const data = `${file}_data`;
  const hash = hashOf([await hashFile(file), existsSync(data) ? await hashFile(data) : null]);
  const context = Math.min(config.contextLength, options.context ?? config.contextLength);
  return assemble(
    folder,
    { weights, loraShapes: new Map(), hash, context, config: undefined, folder },
    options,
  );
}

async function firstWeights(folder: string): Promise<WeightType> {
  for (const [weights, file] of Object.entries(MODEL_FILES)) {
    if (await stat(join(folder, "onnx", file)).catch(() => undefined)) return weights as WeightType;
  }
  throw new ProviderError("NO_WEIGHTS", "the export has none of the files that can be run", {
    file: join(folder, "onnx"),
    hint: `Expected one of: ${Object.values(MODEL_FILES).join(", ")}.`,
  });
}

async function assemble(
  home: string,
  found: {
    weights: WeightType;
    loraShapes: ReadonlyMap<string, readonly [number, number]>;
    hash: string;
    context: number;
    config: ModelConfig | undefined;
    folder: string;
  },
  options: LocalModelOptions,
): Promise<LocalModel> {
  const { weights, loraShapes, hash } = found;
  const tokens = await loadTokenizer(home, await endTokens(home));
  const threads = options.threads ?? deviceOf().threads;
  const decoder = await Decoder.load(home, { weights, threads, loraShapes });
  return LocalModel.of({
    folder: found.folder,
    base: {
      name: options.name ?? found.folder,
      hash: weights === "fp32" ? hash : hashOf([hash, weights]),
    },
    contextLength: found.context,
    decoder,
    tokens,
    config: found.config,
    batching: options.batching ?? "equal-length",
    limits: options.limits ?? { rows: 32, tokens: 8192 },
  });
}
