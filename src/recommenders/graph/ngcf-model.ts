import type { Random } from "../../core/random.js";
import type { Csr } from "../../data/csr.js";
import { type GraphProduct, graphProduct } from "../../engine/linalg/graph-product.js";
import { float32, specOf, type Tensor, type TensorsOf, zeros } from "../../engine/run/tensor.js";
import { NotFiniteError } from "../../engine/train/errors.js";
import { checkSameSpecs, mapValues, prefixed, unprefixed } from "../../engine/train/names.js";
import type { StepResult, TrainerState } from "../../engine/train/trainer.js";
import type { Factors } from "../factorisation/factors.js";
import { adamInPlace } from "../pairwise/adam.js";
import { rankingGradient } from "../pairwise/gradient.js";
import { bipartiteGraph, firstEmbeddings, type PairwiseBatch } from "../pairwise/model.js";
import type { EmbeddingModel } from "../pairwise/train.js";
import { type LayerInputs, type LayerPrograms, layerPrograms } from "./ngcf-layer.js";

type Tensors = Record<string, Tensor & { data: Float32Array }>;
/** Those of `ngcf` that the model needs. */
interface ModelOptions {
  readonly embeddingSize: number;
  readonly layers: number;
  readonly dropout: number;
  readonly regularization: number;
  readonly learningRate: number;
}

/** One layer's pass: what its gradient needs. */
interface Pass {
  readonly inputs: TensorsOf<LayerInputs>;
  readonly mask: Tensor;
}

const WEIGHTS = ["sumWeight", "sumBias", "productWeight", "productBias"] as const;

/** NGCF: dense layers and their gradients run on the engine, the sparse products between them in WebAssembly. */
export class NgcfModel implements EmbeddingModel {
  step = 0;
  private readonly first: Tensors;
  private readonly second: Tensors;
  private readonly programs: LayerPrograms = layerPrograms();

  private constructor(
    private readonly users: number,
    private readonly hasPair: Uint8Array,
    private readonly product: GraphProduct,
    private readonly values: Tensors,
    private readonly options: ModelOptions,
    private readonly random: Random,
  ) {
    const empty = (): Tensors => mapValues(values, ({ shape }) => zeros("float32", shape)) as Tensors;
    this.first = empty();
    this.second = empty();
  }

  static async create(matrix: Csr, options: ModelOptions, random: Random): Promise<NgcfModel> {
    const { embeddingSize: size, layers } = options;
    const graph = bipartiteGraph(matrix);
    const rows = matrix.rows + matrix.columns;
    const values: Tensors = { embeddings: float32(firstEmbeddings(matrix, size, random), [rows, size]) };
    for (let layer = 0; layer < layers; layer++) {
      const draws = random.fork(`layer/${layer}`);
      for (const name of ["sumWeight", "productWeight"])
        values[`${name}.${layer}`] = float32(draws.normals(size * size, Math.sqrt(1 / size)), [size, size]);
      for (const name of ["sumBias", "productBias"])
        values[`${name}.${layer}`] = float32(new Float32Array(size));
    }
    const hasPair = Uint8Array.from(graph.scale, (scale) => Number(scale > 0));
    const product = await graphProduct(graph, size);
    return new NgcfModel(matrix.rows, hasPair, product, values, options, random.fork("dropout"));
  }

  get parameters(): Tensors {
    return this.values;
  }

  parameterRecord(): Tensors {
    return copies(this.values);
  }

  setParameterRecord(parameters: Readonly<Record<string, Tensor>>): void {
    const { step, tensors } = this.snapshot();
    this.restore({ step, tensors: { ...tensors, ...prefixed("parameter:", parameters) } });
  }

  identity(): Record<string, unknown> {
    return { model: "ngcf", ...this.options };
  }

  snapshot(): TrainerState {
    const tensors = {
      ...prefixed("parameter:", copies(this.values)),
      ...prefixed("slot.m:", copies(this.first)),
      ...prefixed("slot.v:", copies(this.second)),
    };
    return { step: this.step, tensors };
  }

  restore({ step, tensors }: TrainerState, what = "the state"): void {
    checkSameSpecs(mapValues(this.snapshot().tensors, specOf), mapValues(tensors, specOf), what);
    for (const [prefix, into] of [
      ["parameter:", this.values],
      ["slot.m:", this.first],
      ["slot.v:", this.second],
    ] as const) {
      const given = unprefixed(prefix, tensors);
      for (const [name, { data }] of Object.entries(into)) data.set(given[name].data);
    }
    this.step = step;
  }

  async train(batch: TensorsOf<PairwiseBatch>): Promise<StepResult> {
    const { loss, gradients } = await this.differentiate(batch);
    const broken = Object.keys(gradients).filter((name) => !gradients[name].every(Number.isFinite));
    if (!Number.isFinite(loss) || broken.length > 0) throw new NotFiniteError(this.step + 1, loss, broken);
    this.step++;
    for (const [name, gradient] of Object.entries(gradients)) {
      const { data } = this.values[name];
      adamInPlace(data, this.first[name].data, this.second[name].data, gradient, {
        step: this.step,
        learningRate: this.options.learningRate,
      });
    }
    return { loss, gradientNorm: NaN, metrics: {} };
  }

  /** The batch's ranking loss, and the gradient of it and the penalty with respect to every parameter. */
  async differentiate(
    batch: TensorsOf<PairwiseBatch>,
  ): Promise<{ loss: number; gradients: Record<string, Float32Array> }> {
    const { layers, regularization, dropout } = this.options;
    const draws = dropout > 0 ? this.random.fork(this.step) : undefined;
    const { outputs, passes } = await this.forward(draws);
    const { loss, upstream } = rankingGradient(
      outputs,
      this.options.embeddingSize,
      this.users,
      batch,
      regularization,
    );
    const gradients: Record<string, Float32Array> = {};
    let back = upstream[layers];
    for (let layer = layers - 1; layer >= 0; layer--) {
      const { inputs, mask } = passes[layer];
      const found = await this.programs.backward.run({
        inputs,
        mask,
        upstream: float32(back, inputs.own.shape),
      });
      for (const name of WEIGHTS) gradients[`${name}.${layer}`] = found[name].data as Float32Array;
      // A is symmetric: its product is its own way back.
      const throughGraph = this.product.multiply(found.neighbours.data as Float32Array);
      const own = found.own.data;
      back = upstream[layer];
      for (let at = 0; at < back.length; at++) back[at] = back[at] + own[at] + throughGraph[at];
    }
    gradients.embeddings = back;
    return { loss, gradients };
  }

  /** The rows of every layer, the embeddings first: without dropout where no random numbers are given. */
  private async forward(draws?: Random): Promise<{ outputs: Float32Array[]; passes: Pass[] }> {
    const { layers } = this.options;
    const { shape } = this.values.embeddings;
    const outputs = [this.values.embeddings.data];
    const passes: Pass[] = [];
    for (let layer = 0; layer < layers; layer++) {
      const own = outputs[layer];
      const weight = (name: (typeof WEIGHTS)[number]) => this.values[`${name}.${layer}`];
      const inputs = {
        own: float32(own, shape),
        neighbours: float32(this.product.multiply(own), shape),
        sumWeight: weight("sumWeight"),
        sumBias: weight("sumBias"),
        productWeight: weight("productWeight"),
        productBias: weight("productBias"),
      };
      const mask = this.mask(draws);
      const { rows } = await this.programs.forward.run({ inputs, mask });
      passes.push({ inputs, mask });
      outputs.push(rows.data as Float32Array);
    }
    return { outputs, passes };
  }

  private mask(draws?: Random): Tensor {
    const { shape, data } = this.values.embeddings;
    const mask = new Float32Array(data.length).fill(1);
    if (draws === undefined) return float32(mask, shape);
    const { dropout } = this.options;
    const [limit, kept] = [dropout * 4294967296, 1 / (1 - dropout)];
    for (let at = 0; at < mask.length; at++) mask[at] = draws.uint32() < limit ? 0 : kept;
    return float32(mask, shape);
  }

  /** All layers' rows one after another; zero vectors for users and items without a pair, which would get the biases. */
  async embeddings(): Promise<Factors> {
    const { embeddingSize: width } = this.options;
    const { outputs } = await this.forward();
    const size = width * outputs.length;
    const rows = this.hasPair.length;
    const all = new Float32Array(rows * size);
    for (let row = 0; row < rows; row++) {
      if (this.hasPair[row] === 0) continue;
      outputs.forEach((output, n) => {
        all.set(output.subarray(row * width, (row + 1) * width), row * size + n * width);
      });
    }
    return { size, users: all.slice(0, this.users * size), items: all.slice(this.users * size) };
  }

  /** Frees the compiled graphs. */
  async release(): Promise<void> {
    await Promise.all([this.programs.forward.release(), this.programs.backward.release()]);
  }
}

function copies(tensors: Tensors): Tensors {
  return mapValues(tensors, ({ shape, data }) => ({ shape, data: data.slice() }));
}
