import { type Compiled, compile, type CompileOptions, type Specs, type Tensors } from "../run/compile.js";
import {
  type ArraysOf,
  describeSpec,
  replaceTensors,
  specOf,
  type Tensor,
  type TensorsOf,
} from "../run/tensor.js";
import { NotFiniteError } from "./errors.js";
import {
  type Arrays,
  BATCH,
  FIXED,
  type FlatLoss,
  GRADIENT,
  gradientGraph,
  lossGraph,
  type LossResult,
  METRIC,
  PARAMETER,
} from "./graphs.js";
import { TrainingMemory } from "./memory.js";
import { checkSameSpecs, mapValues, prefixed, tensorRecord, unprefixed } from "./names.js";
import type { Optimizer } from "./optimizer.js";
import { TrainedParameter } from "./parameter.js";
import { constantRate, type Schedule } from "./schedule.js";

export interface TrainerOptions<P, B, F> extends CompileOptions {
  /** What is trained: a tree of float32 tensors with their first values. They are not changed: the trainer works on copies. */
  parameters: P;
  /**
   * The loss of a batch: a scalar, the mean over the batch. Written with jax-js, without `.ref`; called once for each
   * set of shapes.
   */
  loss: (parameters: ArraysOf<P>, batch: B, fixed: ArraysOf<F>) => LossResult;
  optimizer: Optimizer;
  /** Arrays that the loss reads and nothing changes, such as the weights under an adapter. */
  fixed?: F;
  /** Factor on the optimiser's learning rate at each step; default 1. */
  schedule?: Schedule;
  /** Gradients are scaled down to this norm, all parameters together; default: not at all. */
  clipNorm?: number;
  /** Which parameters the optimiser's weight decay shrinks; default all. */
  decays?: (name: string) => boolean;
  /**
   * Names of big tables of which a batch touches few rows: only the rows that the loss picks by `np.take(table, index, 0)`, its one
   * use of them, are updated, so the cost of a step does not grow with the table. With Adam that is "lazy" Adam (PyTorch's SparseAdam): a row's moments
   * stand still while no batch touches it, where dense Adam (PyTorch's default, and RecBole's) lets them decay and goes on moving the
   * row. Plain SGD gives the same weights either way.
   */
  lazyTables?: readonly string[];
}

export interface StepResult {
  readonly loss: number;
  /** Of all parameters together, before clipping. */
  readonly gradientNorm: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A trainer's state, for checkpoints: the steps done, and tensors by name (`parameter:*`, `slot.*:*`). */
export interface TrainerState {
  readonly step: number;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** How many compiled graphs a trainer keeps: one for each set of a batch's shapes. */
const KEPT = 8;

const slotPrefix = (slot: string): string => `slot.${slot}:`;

/**
 * Trains one model. Loss and gradients are one graph and one run; the optimiser then passes once over the parameters, in place.
 * Made by {@link createTrainer}.
 */
export class Trainer<P, B, F> {
  private readonly trained: readonly TrainedParameter[];
  private readonly fixed: Tensors;
  private readonly graphs = new Map<string, Promise<Compiled>>();
  private steps = 0;

  constructor(private readonly options: TrainerOptions<P, B, F>) {
    const { parameters, optimizer, lazyTables = [] } = options;
    const all = tensorRecord(parameters);
    for (const [name, tensor] of Object.entries(all)) {
      const spec = specOf(tensor);
      if (spec.type !== "float32")
        throw new TypeError(`${name} is ${describeSpec(spec)}: only float32 can be trained`);
    }
    for (const name of lazyTables)
      if (!(name in all)) throw new Error(`lazyTables: there is no parameter ${name}`);
    const arrays = 2 + optimizer.slots.length;
    const memory = new TrainingMemory(
      Object.values(all).flatMap(({ data }) => Array.from({ length: arrays }, () => data.length)),
    );
    this.trained = Object.entries(all).map(
      ([name, tensor]) =>
        new TrainedParameter(memory, name, tensor, optimizer.slots, lazyTables.includes(name)),
    );
    this.fixed = tensorRecord(options.fixed ?? {});
  }

  /** The loss as a function of records, for batches of this structure. */
  private lossOf(batch: unknown): FlatLoss {
    const { loss, parameters, fixed = {} } = this.options;
    return (flat, batchArrays, fixedArrays) =>
      loss(
        replaceTensors(parameters, (name) => flat[name]) as ArraysOf<P>,
        replaceTensors(batch, (name) => batchArrays[name]) as B,
        replaceTensors(fixed, (name) => fixedArrays[name]) as ArraysOf<F>,
      );
  }

  private get name(): string {
    return this.options.name ?? "training";
  }

  /** Steps done. */
  get step(): number {
    return this.steps;
  }

  /** The parameters as they are now: the trainer's own arrays, which the next steps overwrite. Copy what you keep. */
  get parameters(): P {
    const now = Object.fromEntries(this.trained.map(({ name, value }) => [name, value]));
    return replaceTensors(this.options.parameters, (name) => now[name]) as P;
  }

  /** The trainer's own arrays, by the names that they have in checkpoints. */
  private arrays(): Record<string, Tensor> {
    const { slots } = this.options.optimizer;
    return Object.fromEntries([
      ...this.trained.map(({ name, value }) => [PARAMETER + name, value] as const),
      ...slots.flatMap((slot) =>
        this.trained.map((parameter) => [slotPrefix(slot) + parameter.name, parameter.slot(slot)] as const),
      ),
    ]);
  }

  /** Copies of the parameters, by name. */
  parameterRecord(): Record<string, Tensor> {
    return unprefixed(PARAMETER, this.snapshot().tensors);
  }

  /**
   * Overwrites the parameters; the optimiser's state stays.
   * @throws ShapeError naming a parameter that is missing, unknown or of another shape.
   */
  setParameterRecord(parameters: Tensors): void {
    const { step, tensors } = this.snapshot();
    const others = Object.fromEntries(
      Object.entries(tensors).filter(([name]) => !name.startsWith(PARAMETER)),
    );
    this.restore(
      { step, tensors: { ...others, ...prefixed(PARAMETER, parameters) } },
      "the given parameters",
    );
  }

  /** What the results of training depend on, beside the loss, the data and the first parameters. */
  identity(): Record<string, unknown> {
    const { optimizer, clipNorm = null, lazyTables = [] } = this.options;
    return { optimizer: { name: optimizer.name, ...optimizer.options }, clipNorm, lazyTables };
  }

  /** A copy of the whole state. */
  snapshot(): TrainerState {
    const tensors = mapValues(this.arrays(), ({ shape, data }) => ({ shape, data: data.slice() }));
    return { step: this.steps, tensors };
  }

  /**
   * Goes back to a state.
   * @param what - names the state in errors: a file.
   * @throws ShapeError naming a parameter that is missing, unknown or of another shape.
   */
  restore({ step, tensors }: TrainerState, what = "the state"): void {
    const own = this.arrays();
    checkSameSpecs(mapValues(own, specOf), mapValues(tensors, specOf), what);
    for (const [name, { data }] of Object.entries(own)) data.set(tensors[name].data);
    this.steps = step;
  }

  /**
   * One step: the gradient of the batch's loss, and the update.
   * @throws NotFiniteError where the loss or a gradient is not finite; nothing has then changed.
   */
  async train(batch: TensorsOf<B>): Promise<StepResult> {
    return this.trainParts([batch], [1]);
  }

  /**
   * One step on a batch in parts: for batches whose intermediate results would not fit in memory at once.
   * @param weights - of each part in the mean of losses, summing to 1; default: all alike.
   */
  async trainParts(parts: readonly TensorsOf<B>[], weights?: readonly number[]): Promise<StepResult> {
    for (const parameter of this.trained) parameter.begin();
    try {
      let loss = 0;
      const metrics: Record<string, number> = {};
      for (const [i, part] of parts.entries()) {
        const weight = weights?.[i] ?? 1 / parts.length;
        const outputs = await this.addGradients(part, weight, parts.length === 1);
        loss += weight * outputs.loss.data[0];
        for (const [name, { data }] of Object.entries(unprefixed(METRIC, outputs))) {
          metrics[name] = (metrics[name] ?? 0) + weight * data[0];
        }
      }
      return { loss, gradientNorm: this.update(loss), metrics };
    } finally {
      for (const parameter of this.trained) parameter.end();
    }
  }

  /** The loss and the metrics of a batch, without a step. */
  async evaluate(batch: TensorsOf<B>): Promise<Pick<StepResult, "loss" | "metrics">> {
    const feeds = this.feeds(batch);
    const compiled = await this.compiled("loss", feeds, () => lossGraph(this.lossOf(batch)));
    const outputs = await compiled.run(feeds);
    return {
      loss: outputs.loss.data[0],
      metrics: mapValues(unprefixed(METRIC, outputs), ({ data }) => data[0]),
    };
  }

  private feeds(batch: unknown): Tensors {
    return {
      ...Object.fromEntries(this.trained.map(({ name, value }) => [PARAMETER + name, value])),
      ...prefixed(BATCH, tensorRecord(batch)),
      ...prefixed(FIXED, this.fixed),
    };
  }

  /** @param isOnly - this part is the whole batch: the runtime then writes its gradients where they belong. */
  private async addGradients(part: TensorsOf<B>, weight: number, isOnly: boolean): Promise<Tensors> {
    const feeds = this.feeds(part);
    const compiled = await this.compiled("gradients", feeds, () => gradientGraph(this.lossOf(part)));
    const inPlace = isOnly && weight === 1;
    const into: Record<string, Tensor> = {};
    for (const { name, gradientTensor } of inPlace ? this.trained : []) {
      if (GRADIENT + name in compiled.outputs) into[GRADIENT + name] = gradientTensor;
    }
    const outputs = await compiled.run(feeds, into);
    for (const parameter of this.trained) parameter.add(outputs, weight, inPlace);
    return outputs;
  }

  /** @returns the norm of all gradients together. */
  private update(loss: number): number {
    const { optimizer, schedule = constantRate, clipNorm, decays = () => true } = this.options;
    const step = this.steps + 1;
    const norms = this.trained.map((parameter) => parameter.gradientNorm());
    const broken = this.trained.filter((_, i) => !Number.isFinite(norms[i])).map(({ name }) => name);
    if (!Number.isFinite(loss) || broken.length > 0) throw new NotFiniteError(step, loss, broken);
    const norm = Math.hypot(...norms);
    // PyTorch's clip_grad_norm_: the 1e-6 is its own.
    const scale = clipNorm === undefined ? 1 : Math.min(1, clipNorm / (norm + 1e-6));
    const learningRate = optimizer.learningRate * schedule(step);
    for (const parameter of this.trained) {
      parameter.update(optimizer, { step, learningRate, scale, decays: decays(parameter.name) });
    }
    this.steps = step;
    return norm;
  }

  /** Frees the compiled graphs. */
  async release(): Promise<void> {
    const compiled = await Promise.allSettled(this.graphs.values());
    this.graphs.clear();
    for (const graph of compiled) if (graph.status === "fulfilled") await graph.value.release();
  }

  private async compiled(
    kind: string,
    feeds: Tensors,
    graph: () => (inputs: Arrays) => Arrays,
  ): Promise<Compiled> {
    const specs: Specs = mapValues(feeds, specOf);
    const key = `${kind} ${Object.entries(specs)
      .map(([name, spec]) => `${name} ${describeSpec(spec)}`)
      .join(", ")}`;
    let entry = this.graphs.get(key);
    if (entry === undefined) {
      const isGradient = (output: string) => output.startsWith(GRADIENT);
      entry = compile(graph(), specs, { ...this.options, name: this.name }, isGradient);
      // A failure is not kept: it may have been a lack of memory.
      entry.catch(() => this.graphs.delete(key));
      const [oldest] = this.graphs.keys();
      if (this.graphs.size >= KEPT) {
        void this.graphs.get(oldest)?.then((unused) => unused.release());
        this.graphs.delete(oldest);
      }
    } else {
      this.graphs.delete(key);
    }
    this.graphs.set(key, entry);
    return entry;
  }
}

/**
 * A trainer for a model. About all that a recommender must write is its parameters and its loss:
 *
 * ```ts
 * const trainer = createTrainer({
 *   parameters: { user: float32(random.normals(users * 64, 0.01), [users, 64]), item: ... },
 *   optimizer: adam({ learningRate: 1e-3 }),
 *   loss: (p, batch: { user: np.Array; positive: np.Array; negative: np.Array }) => {
 *     const user = np.take(p.user, batch.user, 0);
 *     const score = (item: np.Array) => np.sum(np.multiply(user, np.take(p.item, item, 0)), -1);
 *     return bprLoss(score(batch.positive), score(batch.negative));
 *   },
 * });
 * ```
 */
export function createTrainer<P, B, F = Record<string, never>>(
  options: TrainerOptions<P, B, F>,
): Trainer<P, B, F> {
  return new Trainer(options);
}
