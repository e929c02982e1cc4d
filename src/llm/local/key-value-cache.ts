/** Keys or values of one layer as `[rows, heads, room, width]`: room for so many tokens of every head. */
interface Layer {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/**
 * Heads and width of the graph inputs for keys and values, `[rows, heads, length, width]` each.
 * @throws Error where the graph leaves one of the two open: an empty cache could not be made.
 */
export function cacheSizes(
  inputs: readonly { readonly name: string; readonly shape: readonly (number | string)[] }[],
): Map<string, readonly [heads: number, width: number]> {
  return new Map(
    inputs.map(({ name, shape }) => {
      const [, heads, , width] = shape;
      if (typeof heads !== "number" || typeof width !== "number")
        throw new Error(`its graph's input ${name} is [${shape.join(", ")}], without fixed heads and width`);
      return [name, [heads, width]];
    }),
  );
}

/**
 * Keys and values of the tokens that a batch has seen, by graph input, in arrays that have room for the tokens to come. So a step takes and
 * gives the new token's keys and values alone; the usual way, in which each step gives back all of them in new arrays, takes half as long
 * again and keeps the garbage collector busy.
 */
export class KeyValueCache {
  private constructor(
    private readonly layers: ReadonlyMap<string, Layer>,
    private readonly seen: number,
  ) {}

  /**
   * @param layers - `[rows, heads, length, width]` each.
   * @param more - tokens to come.
   */
  static from(layers: ReadonlyMap<string, Layer>, more: number): KeyValueCache {
    let length = 0;
    const roomy = new Map<string, Layer>();
    for (const [name, { data, dims }] of layers) {
      const [rows, heads, , width] = dims;
      length = dims[2];
      roomy.set(name, {
        data: widen(data, rows * heads, length * width, (length + more) * width),
        dims: [rows, heads, length + more, width],
      });
    }
    return new KeyValueCache(roomy, length);
  }

  /** How many tokens it holds, padding counted. */
  get length(): number {
    return this.seen;
  }

  /** The graph's inputs. */
  entries(): Iterable<[string, Layer]> {
    return this.layers.entries();
  }

  /**
   * The cache with one more token of each row, written in place.
   * @param tokens - `[rows, 1, heads * width]` for each graph input.
   */
  append(tokens: (name: string) => Float32Array): KeyValueCache {
    for (const [name, { data, dims }] of this.layers) {
      const [rows, heads, room, width] = dims;
      const token = tokens(name);
      for (let head = 0; head < rows * heads; head++) {
        const at = (head * room + this.seen) * width;
        for (let i = 0; i < width; i++) data[at + i] = token[head * width + i];
      }
    }
    return new KeyValueCache(this.layers, this.seen + 1);
  }

  /** Some rows as a cache of their own (each may come several times). */
  select(rows: readonly number[]): KeyValueCache {
    const selected = new Map<string, Layer>();
    for (const [name, { data, dims }] of this.layers) {
      const [, ...inner] = dims;
      const size = inner.reduce((a, b) => a * b, 1);
      const copy = new Float32Array(rows.length * size);
      rows.forEach((row, i) => {
        copy.set(data.subarray(row * size, (row + 1) * size), i * size);
      });
      selected.set(name, { data: copy, dims: [rows.length, ...inner] });
    }
    return new KeyValueCache(selected, this.seen);
  }
}

/** Blocks of `from` numbers as blocks of `to`, the rest zero. */
function widen(data: Float32Array, blocks: number, from: number, to: number): Float32Array {
  if (from === to) return data;
  const wide = new Float32Array(blocks * to);
  for (let block = 0; block < blocks; block++) {
    wide.set(data.subarray(block * from, (block + 1) * from), block * to);
  }
  return wide;
}
