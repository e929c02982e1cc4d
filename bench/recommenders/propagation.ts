/**
 * The product of LightGCN's sparse matrix with a table of embeddings, by several kernels in turns on one random graph:
 *
 *     npx tsx bench/recommenders/propagation.ts [--users 943] [--items 1682] [--pairs 80000] [--size 64] [--rounds 5]
 *
 * Prints the median milliseconds of a product, those of the processor (all threads; steadier on a busy machine), and the largest difference from the plain loops.
 */
import { parseArgs } from "node:util";
import { Random } from "../../src/core/random.js";
import { csrFromPairs } from "../../src/data/csr.js";
import { graphProduct } from "../../src/engine/linalg/graph-product.js";
import { multiply } from "../../src/engine/linalg/multiply.js";
import { bipartiteGraph } from "../../src/recommenders/pairwise/model.js";

const { values: flags } = parseArgs({
  options: {
    users: { type: "string", default: "943" },
    items: { type: "string", default: "1682" },
    pairs: { type: "string", default: "80000" },
    size: { type: "string", default: "64" },
    rounds: { type: "string", default: "5" },
  },
});
const [users, items, pairs, size, rounds] = (["users", "items", "pairs", "size", "rounds"] as const).map(
  (name) => Number(flags[name]),
);
const random = Random.fromSeed(1);
const draw = (n: number) => Int32Array.from({ length: pairs }, () => random.int(n));
const matrix = csrFromPairs(users, items, draw(users), draw(items));
const graph = bipartiteGraph(matrix);
const rows = users + items;
const x = random.normals(rows * size);

function plainLoops(): Float32Array {
  const out = new Float32Array(rows * size);
  const { offsets, indices } = graph.pattern;
  for (let row = 0; row < rows; row++) {
    const to = row * size;
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      const weight = graph.scale[row] * graph.scale[indices[at]];
      const from = indices[at] * size;
      for (let d = 0; d < size; d++) out[to + d] += weight * x[from + d];
    }
  }
  return out;
}

const kernels: [string, () => Float32Array | Promise<Float32Array>][] = [["plain loops", plainLoops]];
const product = await graphProduct(graph, size);
kernels.push(["WebAssembly, four lanes", () => product.multiply(x)]);
if (users * items <= 5e7) {
  const dense = new Float32Array(users * items);
  for (let user = 0; user < users; user++) {
    for (let at = matrix.offsets[user]; at < matrix.offsets[user + 1]; at++) {
      const item = matrix.indices[at];
      dense[user * items + item] = graph.scale[user] * graph.scale[users + item];
    }
  }
  const adjacency = { rows: users, columns: items, data: dense };
  kernels.push([
    "ONNX Runtime, dense Gemm",
    async () => {
      const top = await multiply(adjacency, { rows: items, columns: size, data: x.subarray(users * size) });
      const ofUsers = { rows: users, columns: size, data: x.subarray(0, users * size) };
      const bottom = await multiply(adjacency, ofUsers, { transposeA: true });
      const out = new Float32Array(rows * size);
      out.set(top.data);
      out.set(bottom.data, users * size);
      return out;
    },
  ]);
}

const expected = plainLoops();
const times = kernels.map(() => [] as number[]);
const processor = kernels.map(() => [] as number[]);
const differences = kernels.map(() => 0);
for (let round = 0; round <= rounds; round++) {
  for (const [n, [, run]] of kernels.entries()) {
    const before = process.cpuUsage();
    const begun = performance.now();
    const found = await run();
    const { user, system } = process.cpuUsage(before);
    if (round > 0) {
      times[n].push(performance.now() - begun);
      processor[n].push((user + system) / 1000);
    }
    for (let at = 0; at < found.length; at++)
      differences[n] = Math.max(differences[n], Math.abs(found[at] - expected[at]));
  }
}
console.log(`${users} users, ${items} items, ${matrix.indices.length} pairs, size ${size}`);
kernels.forEach(([name], n) => {
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1].toFixed(1);
  console.log(
    `${name}: ${median(times[n])} ms, processor ${median(processor[n])} ms, difference ${differences[n].toExponential(1)}`,
  );
});
