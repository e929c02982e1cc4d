import type { Rows } from "../../core/safetensors.js";
import { innerProducts } from "../../recommenders/factorisation/factors.js";
import { TopK } from "../../recommenders/neighbours/top-k.js";
import type { Candidates } from "./pairs.js";
import { rowDot } from "./rows.js";

/** Users and items in one space: the inner products of their rows are the scores. */
export interface Space {
  readonly users: Rows;
  readonly items: Rows;
}

/** Users scored at once. */
const BLOCK = 512;

/**
 * The users of highest score for each item (all scores are computed), best first; of equals the lower number.
 * @param wanted - the items.
 * @param eligible - the users who may be chosen, ascending.
 */
export async function topUsers(
  space: Space,
  wanted: Int32Array,
  eligible: Int32Array,
  count: number,
  signal: AbortSignal,
): Promise<Candidates> {
  const { size, data } = space.items;
  const few = new Float32Array(wanted.length * size);
  wanted.forEach((item, row) => {
    few.set(data.subarray(item * size, (item + 1) * size), row * size);
  });
  const best = Array.from(wanted, () => new TopK(count));
  if (wanted.length > 0) {
    for (let from = 0; from < eligible.length; from += BLOCK) {
      const block = Array.from(eligible.subarray(from, from + BLOCK), (user) => ({ user }));
      const scores = await innerProducts({ size, users: space.users.data, items: few }, block, signal);
      block.forEach(({ user }, row) => {
        best.forEach((heap, column) => {
          heap.push(user, scores[row * wanted.length + column]);
        });
      });
    }
  }
  return bestFirst(space, wanted, (at) => best[at].kept(), count);
}

/**
 * So many of the users found for each item, best first by their exact scores; of equals the lower number.
 * @param foundFor - different users for the item at this place of `wanted`.
 */
export function bestFirst(
  { users, items }: Space,
  wanted: Int32Array,
  foundFor: (at: number) => Int32Array,
  count: number,
): Candidates {
  const chosen = Array.from(wanted, (item, at) =>
    Array.from(foundFor(at), (user) => ({ user, item, score: rowDot(users, user, items, item) }))
      .sort((a, b) => b.score - a.score || a.user - b.user)
      .slice(0, count),
  ).flat();
  return {
    users: Int32Array.from(chosen, ({ user }) => user),
    items: Int32Array.from(chosen, ({ item }) => item),
    scores: Float32Array.from(chosen, ({ score }) => score),
  };
}
