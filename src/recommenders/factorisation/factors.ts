import { DataError } from "../../core/errors.js";
import { readSafetensors, rowsOf, writeSafetensors } from "../../core/safetensors.js";
import type { ArtifactFormat } from "../../core/stages.js";
import { multiply } from "../../engine/linalg/multiply.js";
import type { ColdStartCase, ScoreBlock } from "../../tasks/cold-start.js";

/** Latent factors of a matrix factorisation: a score is the inner product of a user's and an item's row. */
export interface Factors {
  /** Length of a row. */
  readonly size: number;
  /** [users, size], row-major. */
  readonly users: Float32Array;
  /** [items, size], row-major. */
  readonly items: Float32Array;
}

/**
 * Factors as a safetensors file with the float32 tensors `user_factors` [users, size] and `item_factors` [items, size],
 * rows in the order of the data set's tables.
 * @param noun - what the rows are called in the names of the file and its tensors.
 * @throws DataError `BAD_FACTORS` or `BAD_EMBEDDINGS` when a tensor is missing, has another shape or holds a number that
 * isn't finite.
 */
export function factorsArtifact(
  users: number,
  items: number,
  noun: "factors" | "embeddings" = "factors",
): ArtifactFormat<Factors> {
  const code = `BAD_${noun.toUpperCase()}`;
  return {
    file: `${noun}.safetensors`,
    write: (path, factors) =>
      writeSafetensors(path, {
        [`user_${noun}`]: { shape: [users, factors.size], data: factors.users },
        [`item_${noun}`]: { shape: [items, factors.size], data: factors.items },
      }),
    read: async (path) => {
      const tensors = await readSafetensors(path);
      const take = (name: string, rows: number) => rowsOf(tensors, name, rows, { code, file: path });
      const user = take(`user_${noun}`, users);
      const item = take(`item_${noun}`, items);
      if (user.size !== item.size) {
        throw new DataError(code, `user rows have ${user.size} numbers, item rows ${item.size}`, {
          file: path,
        });
      }
      return { size: user.size, users: user.data, items: item.data };
    },
  };
}

/** Inner products [cases, items]. A row of zeros, as a cold item has, scores exactly 0 for everyone. */
export async function innerProducts(
  factors: Factors,
  cases: readonly ColdStartCase[],
  signal: AbortSignal,
): Promise<ScoreBlock> {
  const { size } = factors;
  const columns = factors.items.length / size;
  if (cases.length === 0) return new Float32Array(0);
  // The runtime sums a single row in another order than a row among others: a second row keeps the bits the same.
  const rows = Math.max(2, cases.length);
  const left = new Float32Array(rows * size);
  cases.forEach(({ user }, row) => {
    left.set(factors.users.subarray(user * size, (user + 1) * size), row * size);
  });
  const product = await multiply(
    { rows, columns: size, data: left },
    { rows: columns, columns: size, data: factors.items },
    { transposeB: true, signal },
  );
  return product.data.subarray(0, cases.length * columns);
}
