import { ProviderError } from "../../core/errors.js";
import { hashArrays, hashOf } from "../../core/hash.js";
import type { Random } from "../../core/random.js";
import type { ModelConfig } from "../checkpoint/config.js";
import { modulePath, type Projection, PROJECTIONS, projectionShape } from "../checkpoint/tensors.js";
import { loraInput } from "../inference/graph.js";
import { transpose } from "../inference/matrix.js";
import type { LoadedAdapter } from "../local/local-model.js";

/** What a LoRA adapter is made with (Hu et al. 2022). */
export interface LoraOptions {
  readonly rank: number;
  /** The update is scaled by alpha / rank. */
  readonly alpha: number;
  /** Linear layers that get matrices, in every block. */
  readonly targets: readonly Projection[];
}

/** The matrices of one linear layer: y = x Wᵀ + scale (x Aᵀ) Bᵀ. */
export interface LoraPair {
  readonly rank: number;
  /** alpha / rank, or alpha / sqrt(rank) of rank-stabilised LoRA. */
  readonly scale: number;
  /** `[rank, inputs]` */
  readonly a: Float32Array;
  /** `[outputs, rank]` */
  readonly b: Float32Array;
}

/** A LoRA adapter: the matrices by module path (`model.layers.0.self_attn.q_proj`). */
export interface LoraAdapter {
  readonly options: LoraOptions & { readonly dropout: number };
  /** The base model as its maker named it. */
  readonly baseName: string | null;
  readonly pairs: ReadonlyMap<string, LoraPair>;
}

/** A block's layer by its module path; undefined for anything else. */
export function parseModulePath(path: string): { layer: number; projection: Projection } | undefined {
  const match = /^model\.layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)$/.exec(path);
  const projection = PROJECTIONS.find((name) => name === match?.[2]);
  if (match === null || projection === undefined) return undefined;
  const layer = Number(match[1]);
  return modulePath(layer, projection) === path ? { layer, projection } : undefined;
}

/** A new adapter as PEFT begins one: A uniform in ±1/sqrt(inputs) (Kaiming with a = sqrt 5), B zero, so that it changes nothing. */
export function newAdapter(
  config: ModelConfig,
  options: LoraOptions & { readonly dropout?: number },
  random: Random,
): LoraAdapter {
  const pairs = new Map<string, LoraPair>();
  const { rank, alpha, targets, dropout = 0 } = options;
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of targets) {
      const { inputs, outputs } = projectionShape(config, projection);
      const path = modulePath(layer, projection);
      const draws = random.fork(path);
      const bound = 1 / Math.sqrt(inputs);
      const a = Float32Array.from({ length: rank * inputs }, () => bound * (2 * draws.uniform() - 1));
      pairs.set(path, { rank, scale: alpha / rank, a, b: new Float32Array(outputs * rank) });
    }
  }
  return { options: { rank, alpha, targets, dropout }, baseName: null, pairs };
}

/**
 * Checks an adapter against a base model.
 * @throws ProviderError naming the first module that doesn't exist there or has another shape.
 */
export function checkAdapter(adapter: LoraAdapter, config: ModelConfig, file: string): void {
  for (const [path, { rank, a, b }] of adapter.pairs) {
    const place = parseModulePath(path);
    const other = (why: string) =>
      new ProviderError("OTHER_BASE", `the adapter belongs to another base model: ${why}`, {
        file,
        hint: `Use it with the model that it was trained on${adapter.baseName === null ? "" : `: ${adapter.baseName}`}.`,
      });
    if (place === undefined || place.layer >= config.layers) throw other(`this one has no ${path}`);
    const { inputs, outputs } = projectionShape(config, place.projection);
    if (a.length !== rank * inputs || b.length !== rank * outputs) {
      const [theirs, ours] = [`${a.length / rank} to ${b.length / rank}`, `${inputs} to ${outputs}`];
      throw other(`its ${path} maps ${theirs}, this one's ${ours}`);
    }
  }
}

/** The projections that an adapter changes, in the order of {@link PROJECTIONS}. */
export function adaptedProjections(adapter: LoraAdapter): Projection[] {
  const found = new Set([...adapter.pairs.keys()].map((path) => parseModulePath(path)?.projection));
  return PROJECTIONS.filter((projection) => found.has(projection));
}

/** SHA-256 over the matrices and their scales. */
export function adapterHash(adapter: LoraAdapter): string {
  const entries = [...adapter.pairs].sort(([p], [q]) => (p < q ? -1 : 1));
  return hashOf(entries.map(([path, { rank, scale, a, b }]) => [path, rank, scale, hashArrays([a, b])]));
}

/** The adapter in the form that the inference graph takes: transposed, with the scale folded into B. */
export function loadedAdapter(adapter: LoraAdapter, name: string): LoadedAdapter {
  const matrices = new Map<string, { shape: [number, number]; data: Float32Array }>();
  for (const [path, { rank, scale, a, b }] of adapter.pairs) {
    const place = parseModulePath(path);
    if (place === undefined) throw new Error(`${path} is no linear layer of a block`);
    const [inputs, outputs] = [a.length / rank, b.length / rank];
    matrices.set(loraInput(place.layer, place.projection, "A"), {
      shape: [inputs, rank],
      data: transpose(a, rank, inputs),
    });
    matrices.set(loraInput(place.layer, place.projection, "B"), {
      shape: [rank, outputs],
      data: transpose(b, outputs, rank).map((value) => value * scale),
    });
  }
  return { name, hash: adapterHash(adapter), matrices };
}

/** A linear layer's weight `[outputs, inputs]` with an adapter added: W + scale B A. */
export function mergedWeight(weight: Float32Array, { rank, scale, a, b }: LoraPair): Float32Array {
  const [inputs, outputs] = [a.length / rank, b.length / rank];
  const merged = weight.slice();
  const row = new Float64Array(inputs);
  for (let o = 0; o < outputs; o++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = b[o * rank + r] * scale;
      for (let i = 0; i < inputs; i++) row[i] += factor * a[r * inputs + i];
    }
    for (let i = 0; i < inputs; i++) merged[o * inputs + i] += row[i];
  }
  return merged;
}
