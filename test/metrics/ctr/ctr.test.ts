import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auc, gauc, prepareAuc, userAucs } from "../../../src/metrics/ctr/auc.js";
import { absoluteErrors, brierScores, calibration, logLosses } from "../../../src/metrics/ctr/probability.js";

fc.configureGlobal({ seed: 2025 });

// python: from sklearn.metrics import roc_auc_score, log_loss, brier_score_loss (scikit-learn 1.9.1)
// y = [1,0,1,1,0,0,1,0,1,0]; p = [.9,.1,.8,.35,.4,.4,.4,.2,.65,.65]
const LABELS = [1, 0, 1, 1, 0, 0, 1, 0, 1, 0];
const PROBABILITIES = [0.9, 0.1, 0.8, 0.35, 0.4, 0.4, 0.4, 0.2, 0.65, 0.65];
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

const labelled = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 0.2, 0.5, 0.9)), {
  minLength: 1,
  maxLength: 12,
});

function aucByPairs(labels: number[], scores: number[], weights = labels.map(() => 1)): number {
  let won = 0;
  let pairs = 0;
  labels.forEach((positive, i) => {
    labels.forEach((negative, j) => {
      if (positive !== 1 || negative !== 0) return;
      pairs += weights[i] * weights[j];
      won += weights[i] * weights[j] * (scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0);
    });
  });
  return won / pairs;
}

describe("auc", () => {
  it("agrees with scikit-learn", () => {
    // roc_auc_score(y, p)
    expect(auc(LABELS, PROBABILITIES)).toBeCloseTo(0.78, 12);
    // roc_auc_score(y, p, sample_weight=[1,0,2,3,1,2,0,1,1,4])
    expect(prepareAuc(LABELS, PROBABILITIES)([1, 0, 2, 3, 1, 2, 0, 1, 1, 4])).toBeCloseTo(
      0.5892857142857143,
      12,
    );
  });

  it("is the share of pairs in the right order, ties half, under any weights", () => {
    fc.assert(
      fc.property(labelled, fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }), (cases, weights) => {
        const labels = cases.map(([label]) => label);
        const scores = cases.map(([, score]) => score);
        expect(auc(labels, scores)).toEqual(aucByPairs(labels, scores));
        expect(prepareAuc(labels, scores)(weights)).toEqual(
          aucByPairs(labels, scores, weights.slice(0, labels.length)),
        );
      }),
    );
  });

  it("is 0.5 for a constant and NaN for one class", () => {
    expect(auc([1, 0, 0, 1], [3, 3, 3, 3])).toBe(0.5);
    expect(auc([1, 1], [0.1, 0.2])).toBeNaN();
    expect(auc([], [])).toBeNaN();
  });

  it.each([
    [[1, 0], [0.5], "2 labels were given for 1 predictions"],
    [[1, 2], [0.5, 0.5], "label of case 1 is 2"],
    [[1, 0], [NaN, 0.5], "prediction of case 0 is NaN"],
    [[1, 0], [0, Infinity], "prediction of case 1 is Infinity"],
  ])("refuses %j with %j", (labels, scores, message) => {
    expect(() => auc(labels, scores)).toThrow(message);
  });
});

describe("gauc", () => {
  const users = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2];

  it("weights each user's AUC by its cases", () => {
    // sum(roc_auc_score(y[u == k], p[u == k]) * (u == k).sum() for k in (0, 1, 2)) / 10
    expect(gauc(LABELS, PROBABILITIES, users).gauc).toBeCloseTo(0.7416666666666666, 12);
    expect(userAucs(LABELS, PROBABILITIES, users).map((user) => user.cases)).toEqual([5, 3, 2]);
  });

  it("leaves users with one class out and counts them", () => {
    const labels = [...LABELS, 1, 1, 0];
    const scores = [...PROBABILITIES, 0.1, 0.2, 0.99];
    const result = gauc(labels, scores, [...users, 7, 7, 9]);
    expect(result).toEqual({ gauc: expect.closeTo(0.7416666666666666, 12) as number, users: 3, skipped: 2 });
    expect(gauc([1, 1], [0.2, 0.3], [0, 1])).toEqual({ gauc: NaN, users: 0, skipped: 2 });
  });

  it("does not depend on the order of the cases, nor on scales between users", () => {
    const order = [9, 3, 1, 7, 0, 8, 2, 6, 4, 5];
    const shuffled = gauc(
      order.map((i) => LABELS[i]),
      order.map((i) => PROBABILITIES[i] * (1 + 100 * users[i])),
      order.map((i) => users[i]),
    );
    expect(shuffled.gauc).toBeCloseTo(0.7416666666666666, 12);
  });
});

describe("probabilities", () => {
  it("agree with scikit-learn", () => {
    // log_loss(y, p); brier_score_loss(y, p); mean_absolute_error(y, p)
    expect(mean(logLosses(LABELS, PROBABILITIES))).toBeCloseTo(0.5125377278440019, 12);
    expect(mean(brierScores(LABELS, PROBABILITIES))).toBeCloseTo(0.17475, 12);
    expect(mean(absoluteErrors(LABELS, PROBABILITIES))).toBeCloseTo(0.365, 12);
  });

  it("limit the loss of a certain error to -ln 1e-7", () => {
    expect([...logLosses([1, 0, 1], [0, 1, 1])]).toEqual([
      expect.closeTo(16.118095650958317, 9),
      expect.closeTo(16.118095650958317, 9),
      expect.closeTo(1e-7, 12),
    ]);
  });

  it("must be within 0..1", () => {
    expect(() => logLosses([1], [1.01])).toThrow("prediction of case 0 is 1.01, not within 0..1");
    expect(() => brierScores([1], [-0.01])).toThrow("not within 0..1");
    expect(() => calibration([1], [NaN])).toThrow("prediction of case 0 is NaN");
  });
});

describe("calibration", () => {
  it("agrees with the definition in NumPy", () => {
    // b = np.minimum((p * B).astype(int), B - 1)
    // sum((b == k).mean() * abs(p[b == k].mean() - y[b == k].mean()) for k in range(B) if (b == k).any())
    expect(calibration(LABELS, PROBABILITIES).error).toBeCloseTo(0.175, 12);
    expect(calibration(LABELS, PROBABILITIES, 5).error).toBeCloseTo(0.135, 12);
  });

  it("is 0 where each bin's mean is its rate, and puts 1 into the last bin", () => {
    const { error, bins } = calibration([1, 1, 0, 0], [1, 1, 0, 0]);
    expect(error).toBe(0);
    expect(bins[14]).toEqual({ cases: 2, predicted: 1, observed: 1 });
    expect(bins[7]).toEqual({ cases: 0, predicted: NaN, observed: NaN });
  });

  it("is NaN without cases", () => {
    expect(calibration([], []).error).toBeNaN();
  });
});
