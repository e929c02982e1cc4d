import type { Progress } from "../../core/progress.js";
import { Random } from "../../core/random.js";
import type { Rows } from "../../core/safetensors.js";
import { usedRows } from "../../recommenders/factorisation/gram.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import type { FilterOptions, Spaces } from "./filter.js";
import type { Candidates, Pairs } from "./pairs.js";
import { type Space, topUsers } from "./top-users.js";
import { UserIndex, userIndexFormat } from "./user-index.js";

/** Items whose users are found by exact search as well, to tell what the approximate one misses. */
const SAMPLE = 100;

/** How the filter finds an item's users among those with a training pair. */
export interface UserSearch {
  /** Names the index of an approximate search in the inputs of stages that build on it; null for the exact one. */
  readonly index: string | null;
  /** @param items - rows in the filter's spaces. */
  find(items: Rows, wanted: Int32Array): Promise<Candidates>;
  /**
   * The share of the exact search's users that {@link find} finds, over a sample of the items; undefined where there is
   * nothing to find.
   */
  recall(items: Rows, wanted: Int32Array): Promise<number | undefined>;
}

/** The search that the options ask for: exact, or with an index of the users, which is the stage `index`. */
export async function userSearch(
  train: ColdStartTraining,
  spaces: Spaces,
  { filter }: FilterOptions,
  context: RunContext,
): Promise<UserSearch> {
  const { seed, signal, stages, progress } = context;
  const eligible = usedRows(train.matrix);
  const { users } = spaces;
  const exact = (space: Space, wanted: Int32Array) => topUsers(space, wanted, eligible, filter.users, signal);
  if (filter.search === "exact") {
    return {
      index: null,
      find: (items, wanted) => exact({ users, items }, wanted),
      recall: () => Promise.resolve(1),
    };
  }
  const { value: index, key } = await stages.run({
    name: "index",
    version: 1,
    inputs: { spaces: spaces.key, data: train.hash },
    format: userIndexFormat(users.size, eligible),
    async compute() {
      const step = progress.start("coldllm: index of users", eligible.length);
      const built = await UserIndex.build(users, eligible, signal, (done) => {
        step.update(done);
      });
      step.end();
      return built;
    },
  });
  const find = (items: Rows, wanted: Int32Array) =>
    index.search({ users, items }, wanted, filter.users, signal);
  return {
    index: key,
    find,
    async recall(items, wanted) {
      const random = Random.fromSeed(seed).fork("coldllm recall");
      const sample = random.sample(wanted.length, Math.min(SAMPLE, wanted.length)).map((at) => wanted[at]);
      return recallOf(await exact({ users, items }, sample), await find(items, sample));
    },
  };
}

/** Below this recall approximate search chooses other users than the filter would. */
const POOR = 0.9;

/** Warns of an approximate search that misses much. */
export function warnOfRecall(recall: number | undefined, progress: Progress): void {
  if (recall === undefined || recall >= POOR) return;
  progress.warn(
    `coldllm: approximate search finds ${(100 * recall).toFixed(1)} % of the filter's users: filter.search=exact finds all`,
  );
}

/** The share of the exact pairs that were found; undefined where there are none. */
export function recallOf(exact: Pairs, found: Pairs): number | undefined {
  const name = ({ users, items }: Pairs, at: number) => `${users[at]} ${items[at]}`;
  const all = new Set(Array.from(found.users, (_, at) => name(found, at)));
  const hits = exact.users.reduce((sum, _, at) => sum + (all.has(name(exact, at)) ? 1 : 0), 0);
  return exact.users.length === 0 ? undefined : hits / exact.users.length;
}
