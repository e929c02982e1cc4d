import { grad, makeJaxpr, nn, numpy as np, vmap } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import { withoutRefs } from "../../../src/engine/trace/without-refs.js";

type Args = [np.Array, np.Array];
const shapes = (): Args => [np.zeros([3, 3]), np.zeros([2, 3])];
const traced = (fn: (...args: Args) => np.Array) => makeJaxpr(fn)(...shapes()).jaxpr.toString();

/** The same function twice: as a person writes it, and with the reference at every reuse that the library wants. */
const pairs: [string, (w: np.Array, x: np.Array) => np.Array, (w: np.Array, x: np.Array) => np.Array][] = [
  [
    "a forward pass",
    (w, x) => {
      const h = np.matmul(x, w);
      return np.sum(np.add(np.multiply(h, h), h));
    },
    (w, x) => {
      const h = np.matmul(x, w);
      return np.sum(np.add(np.multiply(h.ref, h.ref), h));
    },
  ],
  [
    "a function that is jitted inside",
    (w, x) => {
      const h = np.matmul(x, w);
      return np.sum(np.multiply(nn.silu(h), np.tanh(h)));
    },
    (w, x) => {
      const h = np.matmul(x, w);
      return np.sum(np.multiply(nn.silu(h.ref), np.tanh(h)));
    },
  ],
];

describe("the program traced without references is the one traced with them", () => {
  test.each(pairs)("%s", (_name, bare, counted) => {
    expect(withoutRefs(() => traced(bare))).toBe(traced(counted));
  });

  test.each(pairs)("the gradient of %s", (_name, bare, counted) => {
    const plain = withoutRefs(() => traced((w, x) => grad(bare)(w, x)));
    expect(plain).toBe(traced((w, x) => grad(counted)(w, x)));
  });

  test("vmap", () => {
    const [, bare, counted] = pairs[0];
    const each = (fn: (w: np.Array, x: np.Array) => np.Array) => (w: np.Array, x: np.Array) =>
      np.sum(vmap((row: np.Array) => fn(w.ref, np.reshape(row, [1, 3])), [0])(x));
    const eachBare = (w: np.Array, x: np.Array) =>
      np.sum(vmap((row: np.Array) => bare(w, np.reshape(row, [1, 3])), [0])(x));
    expect(withoutRefs(() => traced(eachBare))).toBe(
      traced((w, x) => {
        const y = each(counted)(w.ref, x);
        w.dispose();
        return y;
      }),
    );
  });
});

test("counting is back afterwards, also when the function throws or is nested", () => {
  const freed = () => {
    const x = np.array([1, 2, 3]);
    np.sum(x).dispose();
    return (): unknown => x.js();
  };
  withoutRefs(() => {
    withoutRefs(() => {
      expect(freed()()).toEqual([1, 2, 3]);
    });
  });
  expect(freed()).toThrow();
  expect(() =>
    withoutRefs(() => {
      throw new Error("inside");
    }),
  ).toThrow("inside");
  expect(freed()).toThrow();
});
