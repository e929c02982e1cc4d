import { describeSpec, namedTensors, specOf, type Tensor, zeros } from "../run/tensor.js";
import { ShapeError, type Specs } from "../run/compile.js";

/** Arrays by name that a graph reads from one set and writes to the other: two sets, swapped after each step. */
export class SwappedState {
  private current: Record<string, Tensor>;
  private spare: Record<string, Tensor>;

  /** @param initial - copied, so that the caller's arrays never change. */
  constructor(initial: Readonly<Record<string, Tensor>>) {
    this.current = mapValues(initial, ({ shape, data }) => ({ shape, data: data.slice() }));
    this.spare = mapValues(initial, (tensor) => zeros(specOf(tensor).type, tensor.shape));
  }

  /** The arrays to read. */
  get now(): Readonly<Record<string, Tensor>> {
    return this.current;
  }

  /** The arrays to write. */
  get next(): Readonly<Record<string, Tensor>> {
    return this.spare;
  }

  swap(): void {
    [this.current, this.spare] = [this.spare, this.current];
  }

  /** Copies of the arrays as they are now. */
  snapshot(): Record<string, Tensor> {
    return mapValues(this.current, ({ shape, data }) => ({ shape, data: data.slice() }));
  }
}

/**
 * Checks that tensors from outside are those of the model.
 * @throws ShapeError naming the first that is missing, unknown, or of another type or shape.
 */
export function checkSameSpecs(own: Specs, given: Specs, what: string): void {
  const readable = (name: string) => name.replace(/^parameter:/, "");
  for (const name of Object.keys(given)) {
    if (!(name in own)) throw new ShapeError(`${what} has ${readable(name)}, which the model lacks`);
  }
  for (const [name, spec] of Object.entries(own)) {
    if (!(name in given)) throw new ShapeError(`${what} lacks ${readable(name)}`);
    const [expected, found] = [describeSpec(spec), describeSpec(given[name])];
    if (expected !== found)
      throw new ShapeError(`${readable(name)} is ${found} in ${what}, but ${expected} in the model`);
  }
}

/** A record with every value replaced. */
export function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  map: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}

/** A tree's tensors by name. */
export function tensorRecord(tree: unknown): Record<string, Tensor> {
  return Object.fromEntries(namedTensors(tree).map(({ name, leaf }) => [name, leaf]));
}

/** A record with every name prefixed. */
export function prefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]));
}

/** The entries whose names begin so, without the prefix. */
export function unprefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}
