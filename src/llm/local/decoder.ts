import { join } from "node:path";
import { ProviderError } from "../../core/errors.js";
import { loraInput, type WeightType } from "../inference/graph.js";
import { type LibraryModel, type ModelLibrary, modelLibrary, type ModelTensor } from "./runtime.js";

/** LoRA matrices by the graph input that each belongs to; alpha / rank is folded into B. */
export type AdapterMatrices = ReadonlyMap<
  string,
  { readonly shape: readonly [number, number]; readonly data: Float32Array }
>;

export interface DecoderOptions {
  readonly weights: WeightType;
  readonly threads: number;
  /** Input and output sides of every LoRA input of the graph, for adapters of rank 0. */
  readonly loraShapes: ReadonlyMap<string, readonly [inputs: number, outputs: number]>;
}

/** What one run of the model gives. */
export interface ForwardResult {
  /** `[rows, kept, vocabulary]` */
  readonly logits: Float32Array;
  readonly vocabulary: number;
  /** `[rows, sequence, width]`; undefined for a ready export that doesn't give them. */
  readonly states: Float32Array | undefined;
  readonly width: number;
  readonly cache: KeyValueCache;
}

/** Keys and values of the tokens seen so far, one tensor a layer and kind: `[rows, heads, length, headDim]`. */
export type KeyValueCache = ReadonlyMap<string, ModelTensor>;

/** The settings of `generate` that a model's own files might set: all of them neutral, since sampling is ours. */
const NEUTRAL = {
  do_sample: false,
  temperature: 1,
  repetition_penalty: 1,
  no_repeat_ngram_size: 0,
  bad_words_ids: null,
  min_length: 0,
  min_new_tokens: null,
  forced_bos_token_id: null,
  forced_eos_token_id: null,
  suppress_tokens: null,
  begin_suppress_tokens: null,
  guidance_scale: null,
  eos_token_id: null,
} as const;

/** Called at each step with the logits `[rows, vocabulary]`; gives the token of each row. */
export type ChooseTokens = (logits: Float32Array, vocabulary: number) => readonly number[];

/** An ONNX decoder loaded through transformers.js: token ids in, logits and states out. */
export class Decoder {
  private adapter: AdapterMatrices = new Map();

  private constructor(
    private readonly library: ModelLibrary,
    private readonly model: LibraryModel,
    private readonly options: DecoderOptions,
  ) {
    model.forward_params = [...model.forward_params, ...options.loraShapes.keys()];
  }

  static async load(folder: string, options: DecoderOptions): Promise<Decoder> {
    const library = await modelLibrary();
    try {
      const model = await library.AutoModelForCausalLM.from_pretrained(folder, {
        dtype: options.weights,
        device: "cpu",
        local_files_only: true,
        session_options: {
          intraOpNumThreads: options.threads,
          // Failures come as exceptions; the runtime's own log would only repeat them on stderr.
          logSeverityLevel: 4,
          extra: { session: { intra_op: { allow_spinning: "0" } } },
        },
      });
      return new Decoder(library, model, options);
    } catch (error) {
      throw new ProviderError("MODEL_NOT_LOADED", `the model can't be loaded: ${(error as Error).message}`, {
        file: join(folder, "onnx"),
        cause: error,
      });
    }
  }

  get givesStates(): boolean {
    return this.model.sessions.model.outputNames.includes("hidden_states");
  }

  get config(): Readonly<Record<string, unknown>> {
    return this.model.config;
  }

  get generationConfig(): Readonly<Record<string, unknown>> {
    return this.model.generation_config ?? {};
  }

  /** Whether the graph has this LoRA input. */
  takes(input: string): boolean {
    return this.options.loraShapes.has(input);
  }

  /** Switches the adapter; an empty one is the base model, to the bit. */
  useAdapter(adapter: AdapterMatrices): void {
    this.adapter = adapter;
  }

  private tensor(data: Float32Array | BigInt64Array, dims: readonly number[]): ModelTensor {
    return new this.library.Tensor(data instanceof Float32Array ? "float32" : "int64", data, dims);
  }

  private adapterInputs(): Record<string, ModelTensor> {
    const inputs: Record<string, ModelTensor> = {};
    for (const [name, [input, output]] of this.options.loraShapes) {
      const matrix = this.adapter.get(name);
      if (matrix !== undefined) inputs[name] = this.tensor(matrix.data, matrix.shape);
      else inputs[name] = this.tensor(new Float32Array(0), name.endsWith(".A") ? [input, 0] : [0, output]);
    }
    return inputs;
  }

  private ids(rows: readonly (readonly number[])[]): ModelTensor {
    return this.tensor(BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]);
  }

  /**
   * One run. All rows have the same number of tokens.
   * @param keep - how many of the last positions get logits (0: all).
   */
  async forward(
    rows: readonly (readonly number[])[],
    { keep, cache }: { keep: number; cache?: KeyValueCache },
  ): Promise<ForwardResult> {
    const length = rows[0].length;
    const past = cache?.values().next().value?.dims[2] ?? 0;
    const ones = new BigInt64Array(rows.length * (past + length)).fill(1n);
    const outputs = await this.model.forward({
      input_ids: this.ids(rows),
      attention_mask: this.tensor(ones, [rows.length, past + length]),
      num_logits_to_keep: this.tensor(BigInt64Array.of(BigInt(keep)), []),
      ...(cache === undefined
        ? {}
        : { past_key_values: new this.library.DynamicCache(Object.fromEntries(cache)) }),
      ...this.adapterInputs(),
    });
    const present = new Map<string, ModelTensor>();
    for (const [name, tensor] of Object.entries(outputs)) {
      if (name.startsWith("present")) present.set(name.replace("present", "past_key_values"), tensor);
    }
    const states = outputs.hidden_states as ModelTensor | undefined;
    return {
      logits: outputs.logits.data as Float32Array,
      vocabulary: outputs.logits.dims.at(-1)!,
      states: states?.data as Float32Array | undefined,
      width: states?.dims.at(-1) ?? 0,
      cache: present,
    };
  }

  /** The cache of some rows (each may come several times), as a batch of its own. */
  selectRows(cache: KeyValueCache, rows: readonly number[]): KeyValueCache {
    const selected = new Map<string, ModelTensor>();
    for (const [name, tensor] of cache) {
      const [, ...inner] = tensor.dims;
      const size = inner.reduce((a, b) => a * b, 1);
      const data = tensor.data as Float32Array;
      const copy = new Float32Array(rows.length * size);
      rows.forEach((row, i) => {
        copy.set(data.subarray(row * size, (row + 1) * size), i * size);
      });
      selected.set(name, this.tensor(copy, [rows.length, ...inner]));
    }
    return selected;
  }

  /**
   * Extends every row token by token through the library's `generate`, until `isDone` or the limit. The library's own sampling and
   * stopping are bypassed: it ignores top_p, samples from one global generator and forgets which rows are finished.
   * @param padding - for each row how many of its first tokens are padding.
   */
  async generate(
    rows: readonly (readonly number[])[],
    maxNewTokens: number,
    choose: ChooseTokens,
    isDone: () => boolean,
    padding?: readonly number[],
  ): Promise<void> {
    const mask = rows.flatMap((row, r) => row.map((_, i) => (i < (padding?.[r] ?? 0) ? 0n : 1n)));
    const processor = (_ids: unknown, logits: ModelTensor): ModelTensor => {
      const vocabulary = logits.dims.at(-1)!;
      const data = logits.data as Float32Array;
      const tokens = choose(data, vocabulary);
      data.fill(-Infinity);
      tokens.forEach((token, row) => (data[row * vocabulary + token] = 0));
      return logits;
    };
    await this.model.generate({
      ...NEUTRAL,
      input_ids: this.ids(rows),
      attention_mask: this.tensor(BigInt64Array.from(mask), [rows.length, rows[0].length]),
      max_new_tokens: maxNewTokens,
      logits_processor: [processor],
      stopping_criteria: [(ids: readonly unknown[]) => ids.map(isDone)],
      ...this.adapterInputs(),
    });
  }

  async close(): Promise<void> {
    await this.model.dispose();
  }
}

/** The LoRA inputs of a graph with the sides of their layers. */
export function loraInputShapes(
  layers: number,
  projections: readonly {
    readonly name: Parameters<typeof loraInput>[1];
    readonly inputs: number;
    readonly outputs: number;
  }[],
): Map<string, readonly [inputs: number, outputs: number]> {
  const shapes = new Map<string, readonly [number, number]>();
  for (let layer = 0; layer < layers; layer++) {
    for (const { name, inputs, outputs } of projections) {
      shapes.set(loraInput(layer, name, "A"), [inputs, outputs]);
      shapes.set(loraInput(layer, name, "B"), [inputs, outputs]);
    }
  }
  return shapes;
}
