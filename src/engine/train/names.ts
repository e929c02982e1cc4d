import { describeSpec, namedTensors, type Tensor } from "../run/tensor.js";
import { ShapeError, type Specs } from "../run/compile.js";

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
