import type { CtrCase, CtrTraining } from "../../tasks/ctr.js";

/** The validation pairs as cases: each with what its user had rated in training before. */
export function validationCases({ validation, historyBefore }: CtrTraining): CtrCase[] {
  const { users, items, times, places } = validation;
  return Array.from(users, (user, n) => ({
    user,
    item: items[n],
    time: times[n],
    ...(places && { place: places[n] }),
    ...historyBefore(user, times[n]),
  }));
}
