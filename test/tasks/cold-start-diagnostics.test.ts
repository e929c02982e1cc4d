import { expect, it } from "vitest";
import { simulationDiagnostics } from "../../src/tasks/cold-start-diagnostics.js";
import { csrFromPairs } from "../../src/data/csr.js";

it("counts by hand how many simulated pairs came true", () => {
  // Items 2 to 5 are cold: 2 and 3 are test's, 4 validation's, 5 has no real pair.
  const truth = {
    test: csrFromPairs(4, 6, [0, 1, 2], [2, 2, 3]),
    validation: csrFromPairs(4, 6, [0, 3], [4, 4]),
    coldItems: Uint8Array.of(0, 0, 1, 1, 1, 1),
    mainGenres: [0, 0, 0, 0, 0, 0],
  };
  const filter = {
    stage: "filter",
    users: Int32Array.of(0, 1, 3, 0, 2),
    items: Int32Array.of(2, 2, 4, 3, 3),
  };
  const pairs = { stage: "pairs", users: Int32Array.of(0, 3), items: Int32Array.of(2, 4) };
  const found = simulationDiagnostics([filter, pairs], truth);
  expect(found).toEqual({
    adoption: 2 / 5,
    "real-pair/filter": 3 / 5,
    "real-pair-held-out/filter": 4 / 5,
    "simulated-pairs/filter": 5,
    "users-reached/filter": 4,
    "items-reached/filter": 3,
    "pairs-per-item/filter": 5 / 4,
    "real-pair/pairs": 1 / 2,
    "real-pair-held-out/pairs": 1,
    "simulated-pairs/pairs": 2,
    "users-reached/pairs": 2,
    "items-reached/pairs": 2,
    "pairs-per-item/pairs": 2 / 4,
  });
  expect(Object.keys(simulationDiagnostics([pairs], truth))).not.toContain("adoption");
  expect(simulationDiagnostics([], truth)).toEqual({});
  expect(simulationDiagnostics([{ ...pairs, searchRecall: 0.9 }], truth)).toMatchObject({
    "search-recall": 0.9,
  });
});

it("tells by hand how well log-odds tell pairs apart", () => {
  const truth = {
    test: csrFromPairs(2, 6, [0, 1], [2, 3]),
    validation: csrFromPairs(2, 6, [0], [5]),
    coldItems: Uint8Array.of(0, 0, 1, 1, 1, 1),
    mainGenres: [0, 0, 7, 7, 7, 8],
    taste: () => [0, 0, 3, 2, 1, 9],
  };
  const shown = {
    stage: "filter",
    users: Int32Array.of(0, 0, 0, 0, 1, 1),
    items: Int32Array.of(2, 3, 4, 5, 3, 4),
    logOdds: Float32Array.of(1, 2, 0, -5, 4, 4),
  };
  const found = simulationDiagnostics([shown], truth);
  // True: (0,2) 1, (0,5) -5, (1,3) 4. Others: (0,3) 2, (0,4) 0, (1,4) 4. Of nine: 1 > 0, 4 > 2, 4 > 0, 4 = 4.
  expect(found["judge-auc"]).toBeCloseTo(3.5 / 9, 12);
  // Within user 0 and genre 7: 1 against 2 and 0; within user 1: 4 against 4.
  expect(found["judge-auc-within"]).toBeCloseTo((0 + 1 + 0.5) / 3, 12);
  // Taste orders items 2, 3, 4: of user 0's three pairs two agree (2 before 4, 3 before 4); user 1's are equal.
  expect(found["judge-agreement"]).toBeCloseTo((0 + 1 + 1 + 0.5) / 4, 12);
  // No genre of two items, nothing to compare; of one class, no AUC.
  const apart = {
    ...shown,
    users: Int32Array.of(0, 1),
    items: Int32Array.of(3, 4),
    logOdds: Float32Array.of(1, 2),
  };
  const none = simulationDiagnostics([apart], truth);
  expect(Object.keys(none).filter((name) => name.startsWith("judge"))).toEqual([]);
});
