import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Index } from "usearch";
import { z } from "zod";
import { DataError, UsageError } from "../../core/errors.js";
import { hashArrays, hashFile } from "../../core/hash.js";
import { Pace } from "../../core/pace.js";
import type { Rows } from "../../core/safetensors.js";
import type { ArtifactFormat } from "../../core/stages.js";
import type { Candidates } from "./pairs.js";
import { bestFirst, type Space } from "./top-users.js";

type Usearch = typeof import("usearch");

/**
 * The graph's settings: neighbours of a node, and how many nodes an insertion and a search keep in view. A search looks far, since
 * an item is no neighbour of its users: among 20,000 users made of a run's own, 64 nodes found .86 of the exact ones, 256 .975 and 1,024 .999.
 */
const GRAPH = { connectivity: 16, expansion_add: 128, expansion_search: 1024, multi: false } as const;

/** Inserted between two looks at the clock. */
const BLOCK = 256;

/** Users asked of the graph for each one that is wanted: it orders them by rounded numbers. */
const SPARE = 2;

/**
 * The library of approximate search, which may be missing: it is an optional dependency.
 * @throws UsageError NO_USEARCH.
 */
export async function loadUsearch(load: () => Promise<Usearch> = () => import("usearch")): Promise<Usearch> {
  try {
    return await load();
  } catch (cause) {
    throw new UsageError(
      "NO_USEARCH",
      "filter.search=approximate needs the package usearch, which is not installed or has no build for this machine",
      {
        hint: "Run npm install usearch@2.25.3 (it has builds for Linux and macOS), or leave filter.search=exact.",
        cause,
      },
    );
  }
}

/**
 * Finds users of high inner product without computing all: a hierarchical navigable small world graph (Malkov and Yashunin, TPAMI 2020) of
 * the users' rows, each with one more number that makes all equally long, while an item's is 0 (Bachrach et al., RecSys 2014). The
 * inner products with items stay what they are, and nearness of users becomes a distance, which is what a graph follows: on the spaces of a run one by plain inner
 * products missed a quarter of the users that this one finds. Where few rows are many times as long as the others (log-normal lengths of spread 1.5) it
 * is the other way round, .26 against 1: so each run measures its own recall. Numbers are kept in half precision. One thread builds it, so that the same
 * rows make the same graph.
 */
export class UserIndex {
  private constructor(private readonly graph: Index) {}

  /**
   * @param eligible - the users who can be found.
   * @param report - is told how many are in.
   */
  static async build(
    users: Rows,
    eligible: Int32Array,
    signal: AbortSignal,
    report: (users: number) => void = () => undefined,
  ): Promise<UserIndex> {
    const graph = emptyGraph(await loadUsearch(), users.size);
    const squares = Float64Array.from(eligible, (user) => squaredLength(users, user));
    const longest = squares.reduce((most, square) => Math.max(most, square), 0);
    const width = users.size + 1;
    const pace = new Pace(signal);
    for (let from = 0; from < eligible.length; from += BLOCK) {
      const block = eligible.subarray(from, from + BLOCK);
      const rows = new Float32Array(block.length * width);
      block.forEach((user, row) => {
        rows.set(users.data.subarray(user * users.size, (user + 1) * users.size), row * width);
        rows[row * width + users.size] = Math.sqrt(longest - squares[from + row]);
      });
      graph.add(
        BigUint64Array.from(block, (user) => BigInt(user)),
        rows,
        1,
      );
      report(from + block.length);
      if (pace.due()) await pace.breathe();
    }
    return new UserIndex(graph);
  }

  /** @param file - that {@link save} wrote, byte for byte: usearch doesn't survive any other. */
  static async load(file: string, size: number): Promise<UserIndex> {
    const graph = emptyGraph(await loadUsearch(), size);
    graph.load(file);
    return new UserIndex(graph);
  }

  save(file: string): void {
    this.graph.save(file);
  }

  /** Users of about the highest score for each item, best first, with exact scores; at most `count` an item. */
  async search(space: Space, wanted: Int32Array, count: number, signal: AbortSignal): Promise<Candidates> {
    const { size, data } = space.items;
    const ask = Math.min(SPARE * count, this.graph.size());
    const found: Int32Array[] = [];
    const pace = new Pace(signal);
    for (const item of wanted) {
      const query = new Float32Array(size + 1);
      query.set(data.subarray(item * size, (item + 1) * size));
      const keys = ask === 0 ? [] : this.graph.search(query, ask, 1).keys;
      found.push(Int32Array.from(keys, Number));
      if (pace.due()) await pace.breathe();
    }
    return bestFirst(space, wanted, (at) => found[at], count);
  }
}

const GRAPH_FILE = "graph.usearch";
const ABOUT_FILE = "about.json";

const about = z.object({ size: z.int(), users: z.string(), graph: z.string() });

/**
 * A folder with the graph as usearch's own file, and `about.json`: length of a user's row, SHA-256 of the users' numbers and of the graph's file. usearch checks
 * nothing that it reads and crashes on a damaged file, so that no file of another hash is given to it.
 * @param size - of a user's row.
 * @param eligible - the users in it.
 * @throws DataError BAD_INDEX for what is no graph of these users.
 */
export function userIndexFormat(size: number, eligible: Int32Array): ArtifactFormat<UserIndex> {
  const users = hashArrays([eligible]);
  return {
    file: "users",
    async write(path, index) {
      await mkdir(path);
      index.save(join(path, GRAPH_FILE));
      const graph = await hashFile(join(path, GRAPH_FILE));
      await writeFile(join(path, ABOUT_FILE), JSON.stringify({ size, users, graph }, null, 2) + "\n");
    },
    async read(path) {
      const file = join(path, GRAPH_FILE);
      const bad = (message: string, cause?: unknown) =>
        new DataError("BAD_INDEX", message, { file: path, cause, hint: "Let the run build its own." });
      let found: z.infer<typeof about>;
      try {
        found = about.parse(JSON.parse(await readFile(join(path, ABOUT_FILE), "utf8")));
      } catch (cause) {
        throw bad(`this is no folder of an index: ${ABOUT_FILE} is missing or broken`, cause);
      }
      if (found.size !== size || found.users !== users) {
        throw bad("this index is of other users, or of other spaces");
      }
      if (!existsSync(file) || (await hashFile(file)) !== found.graph) {
        throw bad(`${GRAPH_FILE} is missing or damaged`);
      }
      return UserIndex.load(file, size);
    },
  };
}

function emptyGraph({ Index, MetricKind, ScalarKind }: Usearch, size: number): Index {
  return new Index({ ...GRAPH, dimensions: size + 1, metric: MetricKind.IP, quantization: ScalarKind.F16 });
}

function squaredLength({ size, data }: Rows, row: number): number {
  let sum = 0;
  for (let at = row * size; at < (row + 1) * size; at++) sum += data[at] ** 2;
  return sum;
}
