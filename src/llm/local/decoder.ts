import { join } from "node:path";
import { ProviderError } from "../../core/errors.js";
import { APPENDED, loraInput, PAST, PRESENT, type WeightType } from "../inference/graph.js";
import { cacheSizes, KeyValueCache } from "./key-value-cache.js";
import {
  type LibraryModel,
  type LibrarySession,
  type ModelLibrary,
  modelLibrary,
  type ModelTensor,
  type SessionTensor,
} from "./runtime.js";

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

export interface ForwardOptions {
  /** How many of the last positions get logits; 0: all. */
  readonly keep: number;
  /** For each row how many of its first tokens are padding; default none. */
  readonly padding?: readonly number[];
  /** What was seen before. It is used up: go on with the result's. */
  readonly cache?: KeyValueCache;
  /** Without a cache: give one with room for so many tokens to come. */
  readonly room?: number;
  /** Give the last layer's states. */
  readonly states?: boolean;
}

/** What one run of the model gives. */
export interface ForwardResult {
  /** `[rows, kept, vocabulary]` */
  readonly logits: Float32Array;
  readonly vocabulary: number;
  /** `[rows, sequence, width]`, where they were asked for. */
  readonly states: Float32Array | undefined;
  readonly width: number;
  /** Where there was one or one was asked for. */
  readonly cache: KeyValueCache | undefined;
}

/** Rows that have ended leave their batch when they are this share of it. */
const LEAVING = 0.25;

/**
 * An ONNX decoder loaded through transformers.js: token ids in, logits and states out. It is run by its session: the library's `generate`
 * ignores top_p, samples from one global generator, forgets which rows are finished and takes all outputs at every step.
 */
export class Decoder {
  private adapter: AdapterMatrices = new Map();
  private readonly session: LibrarySession;
  private readonly inputs: ReadonlySet<string>;
  /** Graph inputs for keys and values, with heads and width. */
  private readonly cached: ReadonlyMap<string, readonly [heads: number, width: number]>;
  /** Whether the graph gives the new tokens' keys and values apart. */
  private readonly appends: boolean;

  private constructor(
    private readonly library: ModelLibrary,
    private readonly model: LibraryModel,
    private readonly options: DecoderOptions,
  ) {
    this.session = model.sessions.model;
    this.inputs = new Set(this.session.inputNames);
    // Without them a second token would be written as if nothing stood before it.
    if (!this.session.inputNames.some((name) => name.startsWith(PAST)))
      throw new Error(`its graph has no inputs ${PAST}*: export it with a cache of keys and values`);
    this.cached = cacheSizes(this.session.inputMetadata.filter(({ name }) => name.startsWith(PAST)));
    this.appends = this.session.outputNames.some((name) => name.startsWith(APPENDED));
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
    return this.session.outputNames.includes("hidden_states");
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

  private async run(
    feeds: Readonly<Record<string, ModelTensor>>,
    outputs: readonly string[],
  ): Promise<Readonly<Record<string, SessionTensor>>> {
    const wanted = Object.entries(feeds).filter(([name]) => this.inputs.has(name));
    return this.session.run(
      Object.fromEntries(wanted.map(([name, tensor]) => [name, tensor.ort_tensor])),
      outputs,
    );
  }

  /** One run. All rows have the same number of tokens, padding counted. */
  async forward(
    rows: readonly (readonly number[])[],
    { keep, padding, cache, room, states }: ForwardOptions,
  ): Promise<ForwardResult> {
    const length = rows[0].length;
    const past = cache?.length ?? 0;
    const [mask, positions] = maskAndPositions(rows.length, past, length, padding);
    const kept = cache !== undefined || room !== undefined;
    const present = kept ? [...this.cached.keys()].map((name) => this.presentOf(name, cache)) : [];
    const outputs = await this.run(
      {
        input_ids: this.ids(rows),
        attention_mask: this.tensor(mask, [rows.length, past + length]),
        position_ids: this.tensor(positions, [rows.length, length]),
        num_logits_to_keep: this.tensor(BigInt64Array.of(BigInt(keep)), []),
        ...this.pastInputs(rows.length, cache),
        ...this.adapterInputs(),
      },
      ["logits", ...(states === true ? ["hidden_states"] : []), ...present],
    );
    return {
      logits: lastPositions(outputs.logits, keep),
      vocabulary: outputs.logits.dims.at(-1)!,
      states: states === true ? outputs.hidden_states.data : undefined,
      width: states === true ? outputs.hidden_states.dims.at(-1)! : 0,
      cache: kept ? this.nextCache(outputs, cache, room ?? 0) : undefined,
    };
  }

  /** The output that tells what a cache input will hold next: all of it, or the new tokens alone. */
  private presentOf(name: string, cache: KeyValueCache | undefined): string {
    return name.replace(PAST, this.appends && cache !== undefined ? APPENDED : PRESENT);
  }

  private pastInputs(rows: number, cache: KeyValueCache | undefined): Record<string, ModelTensor> {
    const inputs: Record<string, ModelTensor> = {};
    if (cache !== undefined) {
      for (const [name, { data, dims }] of cache.entries()) inputs[name] = this.tensor(data, dims);
    } else {
      for (const [name, [heads, width]] of this.cached) {
        inputs[name] = this.tensor(new Float32Array(0), [rows, heads, 0, width]);
      }
    }
    return inputs;
  }

  private nextCache(
    outputs: Readonly<Record<string, SessionTensor>>,
    cache: KeyValueCache | undefined,
    room: number,
  ): KeyValueCache {
    const output = (name: string) => outputs[this.presentOf(name, cache)];
    if (cache !== undefined && this.appends) return cache.append((name) => output(name).data);
    const names = [...this.cached.keys()];
    return KeyValueCache.from(new Map(names.map((name) => [name, output(name)])), this.appends ? room : 0);
  }

  /**
   * Extends every row token by token. Rows that have ended leave the batch as soon as they are a quarter of it.
   * @param padding - for each row how many of its first tokens are padding.
   * @param choose - reads a row's logits and gives its next token; undefined: the row has ended.
   */
  async generate(
    rows: readonly (readonly number[])[],
    maxNewTokens: number,
    choose: (row: number, logits: Float32Array) => number | undefined,
    padding: readonly number[],
  ): Promise<void> {
    const ended = new Set<number>();
    const newest = new Array<number>(rows.length).fill(0);
    let batch = [...rows.keys()];
    let tokens = rows;
    let cache: KeyValueCache | undefined;
    for (let step = 1; ; step++) {
      const result = await this.forward(tokens, {
        ...{ keep: 1, padding: batch.map((row) => padding[row]) },
        ...(cache === undefined ? { room: maxNewTokens } : { cache }),
      });
      const { logits, vocabulary } = result;
      batch.forEach((row, place) => {
        if (ended.has(row)) return;
        const token = choose(row, logits.subarray(place * vocabulary, (place + 1) * vocabulary));
        if (token === undefined) ended.add(row);
        else newest[row] = token;
      });
      const going = [...batch.keys()].filter((place) => !ended.has(batch[place]));
      if (going.length === 0 || step === maxNewTokens) return;
      cache = result.cache!;
      if (going.length <= (1 - LEAVING) * batch.length) {
        cache = cache.select(going);
        batch = going.map((place) => batch[place]);
      }
      tokens = batch.map((row) => [newest[row]]);
    }
  }

  async close(): Promise<void> {
    await this.model.dispose();
  }
}

/**
 * The numbers of the last positions alone: an export without `num_logits_to_keep` gives all.
 * @param given - `[rows, positions, width]`.
 * @param keep - 0: all.
 */
export function lastPositions({ data, dims }: SessionTensor, keep: number): Float32Array {
  const [rows, positions, width] = dims;
  if (keep === 0 || positions <= keep) return data;
  const last = new Float32Array(rows * keep * width);
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * positions * width;
    last.set(data.subarray(end - keep * width, end), row * keep * width);
  }
  return last;
}

/** Padding is masked, and the first token after it has position 0. */
function maskAndPositions(
  rows: number,
  past: number,
  length: number,
  padding: readonly number[] | undefined,
): [mask: BigInt64Array, positions: BigInt64Array] {
  const total = past + length;
  const mask = new BigInt64Array(rows * total).fill(1n);
  const positions = new BigInt64Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const padded = padding?.[row] ?? 0;
    mask.fill(0n, row * total, row * total + padded);
    for (let i = 0; i < length; i++) positions[row * length + i] = BigInt(Math.max(0, past + i - padded));
  }
  return [mask, positions];
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
