import { grad, numpy as np } from "@jax-js/jax";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { float32 } from "../../../../src/engine/run/tensor.js";
import { gae, tokenRewards } from "../../../../src/llm/training/ppo/gae.js";
import { nextCoefficient } from "../../../../src/llm/training/ppo/kl-control.js";
import { clippedPolicyLoss, clippedValueLoss, entropy } from "../../../../src/llm/training/ppo/losses.js";
import { whiten } from "../../../../src/llm/training/ppo/whiten.js";
import { type Arrays, expectParity, onRuntime } from "../../../engine/parity.js";

/** Goldens from numpy 2.4 (float64): each is what the expression above it printed. */

function expectClose(found: ArrayLike<number>, golden: readonly number[], tolerance = 1e-8): void {
  expect(found.length).toBe(golden.length);
  golden.forEach((value, i) => {
    expect(Math.abs(found[i] - value), `[${i}] ${found[i]} for ${value}`).toBeLessThan(tolerance);
  });
}

const f64 = (...values: number[]) => Float64Array.from(values);

describe("gae", () => {
  // last = 0
  // for t in reversed(range(n)):
  //     delta = r[t] + gamma * (v[t + 1] if t < n - 1 else 0.) - v[t]; last = delta + gamma * lam * last; a[t] = last
  // print(a, a + v)
  const [r, v] = [f64(-0.1, 0.2, 0, 1.5), f64(0.5, -0.25, 0.75, 0.1)];
  it("agrees with TRL's formula, gamma 1 and lambda 0.95", () => {
    const { advantages, returns } = gae(r, v, { gamma: 1, lambda: 0.95 });
    expectClose(advantages, [0.9037, 1.846, 0.68, 1.4]);
    expectClose(returns, [1.4037, 1.596, 1.43, 1.5]);
  });

  it("agrees with TRL's formula, gamma 0.9 and lambda 0.8", () => {
    const { advantages, returns } = gae(r, v, { gamma: 0.9, lambda: 0.8 });
    expectClose(advantages, [0.1654032, 1.37556, 0.348, 1.4]);
    expectClose(returns, [0.6654032, 1.12556, 1.098, 1.5]);
  });

  it("is the reward to come less the value for lambda 1, and one step's error for lambda 0", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
          maxLength: 8,
        }),
        (pairs) => {
          const rewards = Float64Array.from(pairs, ([reward]) => reward);
          const values = Float64Array.from(pairs, ([, value]) => value);
          const whole = gae(rewards, values, { gamma: 1, lambda: 1 });
          const step = gae(rewards, values, { gamma: 1, lambda: 0 });
          pairs.forEach((_, t) => {
            const toCome = rewards.subarray(t).reduce((sum, reward) => sum + reward, 0);
            expect(whole.returns[t]).toBeCloseTo(toCome, 10);
            const next = t + 1 < values.length ? values[t + 1] : 0;
            expect(step.advantages[t]).toBeCloseTo(rewards[t] + next - values[t], 10);
          });
        },
      ),
    );
  });
});

describe("tokenRewards", () => {
  it("charges each token for its distance to the base, and pays the score at the last", () => {
    expectClose(tokenRewards(f64(-1, -2, -0.5), f64(-1.5, -1, -0.5), 3, 0.2), [-0.1, 0.2, 3]);
  });

  it("has nothing to give to an answer without tokens", () => {
    expect(tokenRewards(f64(), f64(), 3, 0.2)).toEqual(f64());
    expect(gae(f64(), f64(), { gamma: 1, lambda: 0.95 }).advantages).toEqual(f64());
  });
});

describe("whiten", () => {
  it("agrees with TRL's masked_whiten over all rows", () => {
    // x = np.array([.5, -1, 2, .25, 4, -3]); (x - x.mean()) / np.sqrt(x.var(ddof=1) + 1e-8)
    const rows = whiten([f64(0.5, -1), f64(), f64(2, 0.25, 4, -3)]);
    expect(rows.map((row) => row.length)).toEqual([2, 0, 4]);
    expectClose(
      rows.flatMap((row) => [...row]),
      [0.017285626, -0.60499692, 0.639568173, -0.086428131, 1.469278235, -1.434706982],
    );
  });

  it("makes 0 of a single number and of equal ones", () => {
    expect(whiten([f64(5)])).toEqual([f64(0)]);
    expect(whiten([f64(2, 2), f64(2)])).toEqual([f64(0, 0), f64(0)]);
    expect(whiten([f64(), f64()])).toEqual([f64(), f64()]);
  });
});

describe("nextCoefficient", () => {
  it("follows TRL's adaptive controller", () => {
    // c = .2
    // for kl in [3., 6.5, 60., -1.]: c *= 1 + np.clip(kl / 6 - 1, -.2, .2) * 128 / 10000; print(c)
    const goldens = [0.199488, 0.1997007872, 0.200212021215232, 0.19969947844092098];
    let coefficient = 0.2;
    [3, 6.5, 60, -1].forEach((kl, i) => {
      coefficient = nextCoefficient(coefficient, kl, 128, { target: 6, horizon: 10_000 });
      expect(coefficient).toBeCloseTo(goldens[i], 14);
    });
  });

  it("stays where it is with an infinite horizon", () => {
    expect(nextCoefficient(0.2, 60, 128, { target: 6, horizon: Infinity })).toBe(0.2);
  });
});

describe("clipped losses", () => {
  /** Loss, share of clipped tokens and the loss's gradient. */
  const observe =
    (fn: (x: np.Array, inputs: Arrays) => { loss: np.Array; clipFraction: np.Array }) =>
    (inputs: Arrays): Arrays => ({
      ...fn(inputs.x, inputs),
      gradient: grad((x: np.Array) => fn(x, inputs).loss)(inputs.x),
    });
  const weights = float32([1, 1, 1, 1, 1, 0]);

  it("agree with TRL's policy loss; a clipped token has no gradient", async () => {
    // r = np.exp(lp - old); a = -A * r; b = -A * np.clip(r, .8, 1.2)
    // (np.maximum(a, b) * w).sum() / w.sum(), ((b > a) * w).sum() / w.sum(); the gradient by central differences of 1e-6
    const loss = observe((x, { old, advantages, w }) => clippedPolicyLoss(x, old, advantages, w, 0.2));
    const inputs = {
      x: float32([-1, -0.5, -2, -0.3, -1.2, -3]),
      old: float32([-1, -0.9, -1.5, -0.31, -1.15, 0]),
      advantages: float32([1, 2, -1.5, -0.5, 0.7, 9]),
      w: weights,
    };
    const found = await onRuntime(loss, inputs);
    expectClose(found.loss.data, [-0.47216710272168305], 1e-6);
    expectClose(found.clipFraction.data, [0.4], 1e-6);
    expectClose(found.gradient.data, [-0.2, 0, 0, 0.101005017, -0.133172119, 0], 1e-6);
    await expectParity(loss, inputs);
  });

  it("agree with TRL's value loss; a clipped token has no gradient", async () => {
    // n = np.clip(V, Vo - .2, Vo + .2); a = (V - R)**2; b = (n - R)**2
    // .5 * (np.maximum(a, b) * w).sum() / w.sum(), ((b > a) * w).sum() / w.sum()
    const loss = observe((x, { old, returns, w }) => clippedValueLoss(x, old, returns, w, 0.2));
    const inputs = {
      x: float32([0.5, 1, -0.4, 0.3, 2, 7]),
      old: float32([0.5, 0.6, -0.1, 0.25, 1.9, 0]),
      returns: float32([1, 1.5, -1, 0, -1, 3]),
      w: weights,
    };
    const found = await onRuntime(loss, inputs);
    expectClose(found.loss.data, [1.032], 1e-6);
    expectClose(found.clipFraction.data, [0.4], 1e-6);
    expectClose(found.gradient.data, [-0.1, 0, 0, 0.06, 0.6, 0], 1e-6);
    await expectParity(loss, inputs);
  });

  it("have the plain policy gradient -A / n where the policy is still the old one", async () => {
    const loss = observe((x, { old, advantages, w }) => clippedPolicyLoss(x, old, advantages, w, 0.2));
    const old = float32([-1, -0.5, -7]);
    const found = await onRuntime(loss, {
      x: old,
      old,
      advantages: float32([3, -6, 1.5]),
      w: float32([1, 1, 1]),
    });
    expectClose(found.gradient.data, [-1, 2, -0.5], 1e-6);
  });
});

describe("entropy", () => {
  it("is right from certainty to ignorance", async () => {
    // p = softmax(L); -np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0), 1)
    const logits = float32([1, 2, 3, -1, 0, 0, 0, 0, 100, -100, 0, 50], [3, 4]);
    const { h } = await onRuntime(({ x }) => ({ h: entropy(x) }), { x: logits });
    expectClose(h.data, [0.8875433689, 1.386294361, 0], 1e-6);
  });
});
