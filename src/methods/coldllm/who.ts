import type { Random } from "../../core/random.js";
import { type Csr, csrFromPairs, transposeCsr } from "../../data/csr.js";
import { itemText } from "../../data/dataset.js";
import { usedRows } from "../../recommenders/factorisation/gram.js";
import { tfidf } from "../../recommenders/neighbours/tfidf.js";
import { TopK } from "../../recommenders/neighbours/top-k.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import type { Pairs } from "./pairs.js";

/** Who might take each item without asking a language model: the arms that a judge must beat at equally many pairs. */

/**
 * So many different users for each item, drawn uniformly from those with a training pair. An item's users depend on the
 * generator's seed and the item alone.
 * @param counts - users wanted for each item [items]; at most as many as there are.
 */
export function randomUsers(
  { matrix }: Pick<ColdStartTraining, "matrix">,
  counts: Int32Array,
  random: Random,
): Pairs {
  const active = usedRows(matrix);
  return pairsOf(counts, (item, count) =>
    random
      .fork(item)
      .sample(active.length, Math.min(count, active.length))
      .map((at) => active[at]),
  );
}

/** The users with most training pairs for each item, the same ones for all; of equals the lower numbers. */
export function popularUsers({ matrix }: Pick<ColdStartTraining, "matrix">, counts: Int32Array): Pairs {
  const active = mostActive(matrix);
  return pairsOf(counts, (_item, count) => active.subarray(0, count));
}

/**
 * The users whose training items' texts are nearest to the item's text: by cosine of TF-IDF vectors, a user's being the sum of its
 * items'. Of equals the lower numbers. Where an item shares a word with too few users, those with most training pairs fill up.
 */
export function nearestUsers(train: ColdStartTraining, counts: Int32Array): Pairs {
  const { items, matrix } = train;
  const vectors = tfidf(items.keys.map((_, item) => itemText(items, item)));
  const usersOfWord = transposeCsr(profiles(matrix, vectors));
  const active = mostActive(matrix);
  const cosines = new Float64Array(matrix.rows);
  return pairsOf(counts, (item, count) => {
    cosines.fill(0);
    for (let at = vectors.offsets[item]; at < vectors.offsets[item + 1]; at++) {
      const word = vectors.indices[at];
      for (let to = usersOfWord.offsets[word]; to < usersOfWord.offsets[word + 1]; to++) {
        cosines[usersOfWord.indices[to]] += vectors.values[at] * usersOfWord.values[to];
      }
    }
    const best = new TopK(count);
    cosines.forEach((cosine, user) => {
      if (cosine > 0) best.push(user, cosine);
    });
    const chosen = new Set(best.kept());
    for (const user of active) {
      if (chosen.size >= count) break;
      chosen.add(user);
    }
    return Int32Array.from(chosen);
  });
}

/** So many of each item's pairs, drawn uniformly. An item's draw depends on the generator's seed and the item alone. */
export function samplePairs(pairs: Pairs, counts: Int32Array, random: Random): Pairs {
  const byItem = csrFromPairs(
    counts.length,
    pairs.users.reduce((most, user) => Math.max(most, user + 1), 0),
    pairs.items,
    pairs.users,
  );
  return pairsOf(counts, (item, count) => {
    const own = byItem.indices.subarray(byItem.offsets[item], byItem.offsets[item + 1]);
    return random
      .fork(item)
      .sample(own.length, Math.min(count, own.length))
      .map((at) => own[at]);
  });
}

function pairsOf(counts: Int32Array, usersFor: (item: number, count: number) => Int32Array): Pairs {
  const users: number[] = [];
  const items: number[] = [];
  counts.forEach((count, item) => {
    if (count === 0) return;
    for (const user of usersFor(item, count)) {
      users.push(user);
      items.push(item);
    }
  });
  return { users: Int32Array.from(users), items: Int32Array.from(items) };
}

/** Users with a training pair, those with most first, of equals the lower number. */
function mostActive(matrix: Csr): Int32Array {
  const count = (user: number) => matrix.offsets[user + 1] - matrix.offsets[user];
  return usedRows(matrix).sort((a, b) => count(b) - count(a) || a - b);
}

/** The sum of each user's items' vectors, made one long: [users, words]. */
function profiles(matrix: Csr, vectors: Csr): Csr {
  const users: number[] = [];
  const words: number[] = [];
  const weights: number[] = [];
  for (let user = 0; user < matrix.rows; user++) {
    const sum = new Map<number, number>();
    for (let at = matrix.offsets[user]; at < matrix.offsets[user + 1]; at++) {
      const item = matrix.indices[at];
      for (let to = vectors.offsets[item]; to < vectors.offsets[item + 1]; to++) {
        sum.set(vectors.indices[to], (sum.get(vectors.indices[to]) ?? 0) + vectors.values[to]);
      }
    }
    let squares = 0;
    for (const weight of sum.values()) squares += weight * weight;
    for (const [word, weight] of sum) {
      users.push(user);
      words.push(word);
      weights.push(weight / Math.sqrt(squares));
    }
  }
  return csrFromPairs(matrix.rows, vectors.columns, users, words, weights);
}
