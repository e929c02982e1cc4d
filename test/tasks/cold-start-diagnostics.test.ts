import { expect, it } from "vitest";
import { simulationDiagnostics } from "../../src/tasks/cold-start-diagnostics.js";
import { csrFromPairs } from "../../src/data/csr.js";

it("counts by hand how many simulated pairs came true", () => {
  // Items 2 to 5 are cold: 2 and 3 are test's, 4 validation's, 5 has no real pair.
  const truth = {
    test: csrFromPairs(4, 6, [0, 1, 2], [2, 2, 3]),
    validation: csrFromPairs(4, 6, [0, 3], [4, 4]),
    items: Uint8Array.of(0, 0, 1, 1, 1, 1),
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
});
