import type { ControlledListTraining } from "../../../src/tasks/controlled-list.js";
import { Windows } from "../../../src/tasks/windows.js";
import { datasetOf } from "../../data/fixtures.js";

/** Training data of one sequence a user; the last item of each is the target of a validation window where asked for. */
export function sequenceTraining(
  sequences: readonly (readonly number[])[],
  {
    items,
    historyLength,
    validation = false,
  }: { items: number; historyLength: number; validation?: boolean },
): ControlledListTraining {
  const { users, items: table } = datasetOf([[sequences.length - 1, items - 1]]);
  const all = sequences.map((own, user) => ({ user, items: Int32Array.from(own), times: null }));
  const lengths = { history: historyLength, future: 1 };
  const none = new Windows([], new Int32Array(0), new Int32Array(0), lengths);
  const last = new Windows(
    all,
    Int32Array.from(all.keys()),
    Int32Array.from(all, (one) => one.items.length - 1),
    lengths,
  );
  return {
    users,
    items: { ...table, categoryNames: ["a", "b", "c"], categories: table.keys.map((_, item) => [item % 3]) },
    mainGenres: Int32Array.from(table.keys, (_, item) => item % 3),
    sequences: validation
      ? all.map(({ user, items: own }) => ({ user, items: own.subarray(0, -1), times: null }))
      : all,
    windows: none,
    validation: validation ? last : none,
    historyLength,
    futureLength: 1,
    hash: "fixture",
  };
}
