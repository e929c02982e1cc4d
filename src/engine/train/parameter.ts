import { sizeOf } from "../onnx/element-types.js";
import { indexName, rowsName, type Tensors } from "../run/compile.js";
import type { Tensor } from "../run/tensor.js";
import type { Block, TrainingMemory } from "./memory.js";
import { GRADIENT } from "./graphs.js";
import type { Optimizer, UpdateSettings } from "./optimizer.js";

/** One trained parameter: its numbers, its gradient and the optimiser's arrays, all in the training memory. */
export class TrainedParameter {
  private readonly parameter: Block;
  private readonly gradient: Block;
  private readonly slots: Readonly<Record<string, Block>>;
  /** Numbers in one row (all but the first axis). */
  private readonly width: number;
  /** For a lazy table, the rows that this step's gradient has so far, and when each row was last among them. */
  private readonly touched: number[] = [];
  private readonly stamps: Int32Array | undefined;
  private stamp = 0;

  constructor(
    private readonly memory: TrainingMemory,
    readonly name: string,
    private readonly initial: Tensor,
    slots: readonly string[],
    /** Whether only the rows that a batch touches are updated. */
    private readonly isLazy: boolean,
  ) {
    const { data, shape } = initial;
    this.width = sizeOf(shape.slice(1));
    this.parameter = memory.allocate(data.length);
    this.parameter.data.set(data);
    this.gradient = memory.allocate(data.length);
    this.slots = Object.fromEntries(slots.map((slot) => [slot, memory.allocate(data.length)]));
    if (isLazy) this.stamps = new Int32Array(shape[0]).fill(-1);
  }

  get value(): Tensor {
    return { shape: this.initial.shape, data: this.parameter.data };
  }

  /** Where the runtime may write the gradient itself. */
  get gradientTensor(): Tensor {
    return { shape: this.initial.shape, data: this.gradient.data };
  }

  slot(name: string): Tensor {
    return { shape: this.initial.shape, data: this.slots[name].data };
  }

  /** Prepares the gradient for the first part of a batch. */
  begin(): void {
    this.stamp++;
    this.touched.length = 0;
    // A lazy table's gradient is kept at 0 by {@link end}, row by row.
    if (!this.isLazy) this.gradient.data.fill(0);
  }

  /**
   * Adds a part's gradient, times its weight.
   * @param inPlace - the runtime has already written the part that is a whole table.
   */
  add(outputs: Tensors, weight: number, inPlace: boolean): void {
    const key = GRADIENT + this.name;
    if (key in outputs && !inPlace) {
      const target = this.gradient.data;
      const { data } = outputs[key];
      for (let i = 0; i < target.length; i++) target[i] += weight * data[i];
    }
    if (key in outputs && this.isLazy) {
      throw new Error(`${this.name} is lazy, but the loss uses more of it than rows picked by np.take`);
    }
    for (let k = 0; rowsName(key, k) in outputs; k++) {
      const index = outputs[indexName(key, k)].data as Int32Array;
      this.touch(index);
      const rows = outputs[rowsName(key, k)].data as Float32Array;
      this.memory.addRows(this.gradient, this.width, index, rows, weight);
    }
  }

  private touch(index: Int32Array): void {
    const { stamps, stamp } = this;
    const [count] = this.initial.shape;
    for (const row of index) {
      if (!(row >= 0 && row < count)) {
        throw new RangeError(`the batch picks row ${row} of ${this.name}, which has ${count}`);
      }
      if (stamps !== undefined && stamps[row] !== stamp) {
        stamps[row] = stamp;
        this.touched.push(row);
      }
    }
  }

  /** The gradient's Euclidean length. */
  gradientNorm(): number {
    const { kernels } = this.memory;
    const { address, data } = this.gradient;
    if (!this.isLazy) return Math.sqrt(kernels.sum_squares(address, data.length));
    let sum = 0;
    for (const row of this.touched) sum += kernels.sum_squares(address + 4 * this.width * row, this.width);
    return Math.sqrt(sum);
  }

  update(optimizer: Optimizer, settings: UpdateSettings): void {
    const { memory, parameter, gradient, slots, width } = this;
    const names = Object.keys(slots);
    // One object for all rows: a lazy table has thousands, and making objects would take longer than updating them.
    const at = { parameter: 0, gradient: 0, slots: {} as Record<string, number>, count: 0 };
    const run = (first: number, count: number) => {
      at.parameter = parameter.address + 4 * first;
      at.gradient = gradient.address + 4 * first;
      for (const name of names) at.slots[name] = slots[name].address + 4 * first;
      at.count = count;
      optimizer.update(memory.kernels, at, settings);
    };
    if (this.isLazy) for (const row of this.touched) run(row * width, width);
    else run(0, parameter.data.length);
  }

  /** Clears what a lazy table's next gradient must find cleared; also after a step that failed. */
  end(): void {
    if (!this.isLazy) return;
    for (const row of this.touched) this.gradient.data.fill(0, row * this.width, (row + 1) * this.width);
    this.touched.length = 0;
  }
}
