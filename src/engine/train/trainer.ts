import { type Compiled, compile, type CompileOptions, type Specs, type Tensors } from "../run/compile.js";
import {
  type ArraysOf,
  describeSpec,
  float32,
  replaceTensors,
  specOf,
  type Tensor,
  type TensorsOf,
  zeros,
} from "../run/tensor.js";
import { NotFiniteError } from "./errors.js";
import {
  applyGraph,
  type Arrays,
  BATCH,
  FACTOR,
  FIXED,
  type FlatLoss,
  lossGraph,
  type LossResult,
  METRIC,
  PARAMETER,
  partGraph,
  slotPrefix,
  stepGraph,
  SUM,
  type UpdateRule,
} from "./graphs.js";
import type { Optimizer } from "./optimizer.js";
import { numberRows, putRows, type RowIndices, takeRows, type TouchedRows } from "./rows.js";
import { constantRate, type Schedule } from "./schedule.js";
import { checkSameSpecs, mapValues, prefixed, SwappedState, tensorRecord, unprefixed } from "./state.js";

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
   * Big tables of which a batch touches few rows: for each, the batch's arrays that hold its row numbers. Only these rows are
   * read, differentiated and updated, so the cost of a step no longer grows with the table. With Adam that is
   * "lazy" Adam (PyTorch's SparseAdam): a row's moments stand still while no batch touches it, where dense Adam (PyTorch's default, and RecBole's) lets
   * them decay and goes on moving the row. Plain SGD gives the same weights either way. The loss may use such a table only
   * through `np.take(table, index, 0)` with these arrays.
   */
  rows?: RowIndices;
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

/** Trains one model: a step is one graph (loss, gradients and update) and one run. Made by {@link createTrainer}. */
export class Trainer<P, B, F> {
  private readonly state: SwappedState;
  /** Tables that are updated by rows: the parameter and its slots, changed in place. */
  private readonly tables: Record<string, Record<string, Tensor>>;
  private readonly fixed: Tensors;
  private readonly rule: UpdateRule;
  private readonly graphs = new Map<string, Promise<Compiled>>();
  private sums: SwappedState | undefined;
  private steps = 0;

  constructor(private readonly options: TrainerOptions<P, B, F>) {
    const { parameters, optimizer, clipNorm, decays = () => true, rows = {} } = options;
    const all = tensorRecord(parameters);
    for (const [name, tensor] of Object.entries(all)) {
      const spec = specOf(tensor);
      if (spec.type !== "float32")
        throw new TypeError(`${name} is ${describeSpec(spec)}: only float32 can be trained`);
    }
    const withSlots = (names: readonly string[]) => ({
      ...prefixed(PARAMETER, Object.fromEntries(names.map((name) => [name, all[name]]))),
      ...Object.fromEntries(
        optimizer.slots.flatMap((slot) =>
          names.map((name) => [slotPrefix(slot) + name, zeros("float32", all[name].shape)]),
        ),
      ),
    });
    for (const name of Object.keys(rows))
      if (!(name in all)) throw new Error(`rows: there is no parameter ${name}`);
    this.state = new SwappedState(withSlots(Object.keys(all).filter((name) => !(name in rows))));
    this.tables = mapValues(rows, (_indices, name) =>
      mapValues(withSlots([name]), ({ shape, data }) => ({ shape, data: data.slice() })),
    );
    this.fixed = tensorRecord(options.fixed ?? {});
    this.rule = { optimizer, clipNorm, decays };
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
    const tables = Object.values(this.tables).reduce((all, table) => ({ ...all, ...table }), {});
    const now = unprefixed(PARAMETER, { ...this.state.now, ...tables });
    return replaceTensors(this.options.parameters, (name) => now[name]) as P;
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
    const { optimizer, clipNorm = null, rows = {} } = this.options;
    return { optimizer: { name: optimizer.name, ...optimizer.options }, clipNorm, rows };
  }

  /** A copy of the whole state. */
  snapshot(): TrainerState {
    const tables = Object.values(this.tables).reduce((all, table) => ({ ...all, ...table }), {});
    const copies = mapValues(tables, ({ shape, data }) => ({ shape, data: data.slice() }));
    return { step: this.steps, tensors: { ...this.state.snapshot(), ...copies } };
  }

  /**
   * Goes back to a state.
   * @param what - names the state in errors: a file.
   * @throws ShapeError naming a parameter that is missing, unknown or of another shape.
   */
  restore({ step, tensors }: TrainerState, what = "the state"): void {
    const own = mapValues(this.snapshot().tensors, specOf);
    checkSameSpecs(own, mapValues(tensors, specOf), what);
    for (const [name, { data }] of Object.entries(this.state.now)) data.set(tensors[name].data);
    for (const table of Object.values(this.tables)) {
      for (const [name, { data }] of Object.entries(table)) data.set(tensors[name].data);
    }
    this.steps = step;
  }

  /**
   * One step: the gradient of the batch's loss, and the update.
   * @throws NotFiniteError where the loss or a gradient is not finite; nothing has then changed.
   */
  async train(batch: TensorsOf<B>): Promise<StepResult> {
    const touched = this.touch(batch);
    const feeds = {
      ...this.state.now,
      ...touched.tables,
      ...prefixed(BATCH, touched.batch),
      ...prefixed(FIXED, this.fixed),
      ...this.factors(),
    };
    const compiled = await this.compiled("step", feeds, () => stepGraph(this.lossOf(batch), this.rule));
    const outputs = await compiled.run(feeds, this.state.next);
    const names = Object.keys(unprefixed(PARAMETER, compiled.inputs));
    const result = this.check(outputs, outputs.norms, names);
    this.state.swap();
    for (const [table, rows] of touched.rows) {
      for (const [name, tensor] of Object.entries(this.tables[table])) putRows(tensor, rows, outputs[name]);
    }
    this.steps++;
    return result;
  }

  /**
   * One step on a batch in parts: for batches whose intermediate results would not fit in memory at once.
   * @param weights - of each part in the mean of losses, summing to 1; default: all alike.
   */
  async trainParts(parts: readonly TensorsOf<B>[], weights?: readonly number[]): Promise<StepResult> {
    if (Object.keys(this.tables).length > 0) {
      throw new Error("a batch in parts can't be combined with tables that are updated by rows");
    }
    const gradients = mapValues(unprefixed(PARAMETER, this.state.now), ({ shape }) =>
      zeros("float32", shape),
    );
    this.sums ??= new SwappedState(prefixed(SUM, gradients));
    for (const { data } of Object.values(this.sums.now)) data.fill(0);
    let loss = 0;
    let metrics: Record<string, number> = {};
    for (const [i, part] of parts.entries()) {
      const weight = weights?.[i] ?? 1 / parts.length;
      const feeds = {
        ...under(PARAMETER, this.state.now),
        ...prefixed(BATCH, tensorRecord(part)),
        ...prefixed(FIXED, this.fixed),
        ...this.sums.now,
        [`${FACTOR}weight`]: scalar(weight),
      };
      const compiled = await this.compiled("part", feeds, () => partGraph(this.lossOf(part)));
      const outputs = await compiled.run(feeds, this.sums.next);
      this.sums.swap();
      loss += weight * outputs.loss.data[0];
      metrics = mapValues(
        unprefixed(METRIC, outputs),
        ({ data }, name) => (metrics[name] ?? 0) + weight * data[0],
      );
    }
    const feeds = { ...this.state.now, ...this.sums.now, ...this.factors() };
    const compiled = await this.compiled("apply", feeds, () => applyGraph(this.rule));
    const outputs = await compiled.run(feeds, this.state.next);
    const result = this.check(
      { ...outputs, loss: scalar(loss) },
      outputs.norms,
      Object.keys(unprefixed(PARAMETER, compiled.inputs)),
    );
    this.state.swap();
    this.steps++;
    return { ...result, metrics };
  }

  /** The loss and the metrics of a batch, without a step. */
  async evaluate(batch: TensorsOf<B>): Promise<Pick<StepResult, "loss" | "metrics">> {
    const touched = this.touch(batch);
    const feeds = {
      ...under(PARAMETER, { ...this.state.now, ...touched.tables }),
      ...prefixed(BATCH, touched.batch),
      ...prefixed(FIXED, this.fixed),
    };
    const compiled = await this.compiled("loss", feeds, () => lossGraph(this.lossOf(batch)));
    const outputs = await compiled.run(feeds);
    return {
      loss: outputs.loss.data[0],
      metrics: mapValues(unprefixed(METRIC, outputs), ({ data }) => data[0]),
    };
  }

  /** Frees the compiled graphs. */
  async release(): Promise<void> {
    const compiled = await Promise.allSettled(this.graphs.values());
    this.graphs.clear();
    for (const graph of compiled) if (graph.status === "fulfilled") await graph.value.release();
  }

  /** The small tables that stand for those updated by rows, and the batch in their numbers. */
  private touch(batch: unknown): {
    batch: Tensors;
    tables: Tensors;
    rows: ReadonlyMap<string, TouchedRows>;
  } {
    const arrays = tensorRecord(batch);
    const tables: Record<string, Tensor> = {};
    const rows = new Map<string, TouchedRows>();
    for (const [table, names] of Object.entries(this.options.rows ?? {})) {
      const { touched, local } = numberRows(names.map((name) => arrays[name]));
      names.forEach((name, i) => (arrays[name] = local[i]));
      for (const [name, tensor] of Object.entries(this.tables[table]))
        tables[name] = takeRows(tensor, touched);
      rows.set(table, touched);
    }
    return { batch: arrays, tables, rows };
  }

  private factors(): Tensors {
    const { optimizer, schedule = constantRate } = this.options;
    const step = this.steps + 1;
    const learningRate = optimizer.learningRate * schedule(step);
    return prefixed(FACTOR, mapValues(optimizer.factors({ step, learningRate }), scalar));
  }

  private check(outputs: Tensors, norms: Tensor, names: readonly string[]): StepResult {
    const [loss] = outputs.loss.data;
    const broken = names.filter((_, i) => !Number.isFinite(norms.data[i]));
    if (!Number.isFinite(loss) || broken.length > 0) throw new NotFiniteError(this.steps + 1, loss, broken);
    return {
      loss,
      gradientNorm: Math.hypot(...norms.data),
      metrics: mapValues(unprefixed(METRIC, outputs), ({ data }) => data[0]),
    };
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
      entry = compile(graph(), specs, { ...this.options, name: this.name });
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

function scalar(value: number): Tensor {
  return float32([value], []);
}

/** The entries whose names begin so, under their full names. */
function under<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name.startsWith(prefix)));
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
