import type { Tensor as LibraryTensor } from "@huggingface/transformers";

/** The library's own tensor: its sessions refuse those of onnxruntime-node's CommonJS build. */
export type ModelTensor = LibraryTensor;

/** Arrays that a model takes and gives. */
export type TensorData = Float32Array | BigInt64Array;

/** The part of transformers.js that this program uses, with the types that its own declarations leave open. */
export interface ModelLibrary {
  readonly AutoTokenizer: { from_pretrained(folder: string, options: object): Promise<LibraryTokenizer> };
  readonly AutoModelForCausalLM: { from_pretrained(folder: string, options: object): Promise<LibraryModel> };
  readonly Tensor: new (type: string, data: TensorData, dims: readonly number[]) => ModelTensor;
}

export interface LibraryTokenizer {
  chat_template: unknown;
  readonly eos_token_id?: number;
  readonly pad_token_id?: number;
  encode(text: string, options: { add_special_tokens: boolean }): number[];
  decode(
    tokens: readonly number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string;
  apply_chat_template(messages: readonly object[], options: object): string;
  get_vocab(): ReadonlyMap<string, number>;
}

export interface LibraryModel {
  readonly sessions: { readonly model: LibrarySession };
  dispose(): Promise<unknown>;
}

/** An ONNX Runtime session. */
export interface LibrarySession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** A side of free length is a name. */
  readonly inputMetadata: readonly { readonly name: string; readonly shape: readonly (number | string)[] }[];
  run(
    feeds: Readonly<Record<string, unknown>>,
    outputs: readonly string[],
  ): Promise<Readonly<Record<string, SessionTensor>>>;
}

/** What a session gives. */
export interface SessionTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

let library: Promise<ModelLibrary> | undefined;

/** transformers.js, loaded at the first call, shut off from the network and silent (its errors print every input tensor). */
export function modelLibrary(): Promise<ModelLibrary> {
  library ??= import("@huggingface/transformers").then((module) => {
    module.env.allowRemoteModels = false;
    module.env.useFSCache = false;
    module.env.useWasmCache = false;
    module.env.logLevel = module.LogLevel.NONE;
    return module as unknown as ModelLibrary;
  });
  return library;
}
