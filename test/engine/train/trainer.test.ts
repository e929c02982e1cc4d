import { numpy as np } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import { Random } from "../../../src/core/random.js";
import { square } from "../../../src/engine/nn/activations.js";
import { float32, int32, type Tensor } from "../../../src/engine/run/tensor.js";
import { adam, adamW, type Optimizer, sgd } from "../../../src/engine/train/optimizer.js";
import { constantRate, cosineDecay, linearDecay, type Schedule } from "../../../src/engine/train/schedule.js";
import { createTrainer } from "../../../src/engine/train/trainer.js";
import { relativeError } from "../parity.js";
import { accuracy, bprBatch, bprTrainer, fitBpr, twoTastes } from "./bpr.js";

const bytes = (tensors: Readonly<Record<string, Tensor>>) =>
  Buffer.concat(
    Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  );

/**
 * Five steps from w = [1, -2, 3], u = [[.5, -.5]] on
 * loss = (w**2).sum()*.5*t + (torch.sin(u)*torch.tensor([[1., 3.]])).sum() with t = 1..5.
 */
async function trajectory(
  optimizer: Optimizer,
  options: { clipNorm?: number; schedule?: Schedule } = {},
): Promise<number[]> {
  const trainer = createTrainer({
    parameters: { w: float32([1, -2, 3]), u: float32([0.5, -0.5], [1, 2]) },
    optimizer,
    ...options,
    loss: (p, batch: { t: np.Array; k: np.Array }) =>
      np.add(
        np.multiply(np.sum(square(p.w)), np.multiply(batch.t, 0.5)),
        np.sum(np.multiply(np.sin(p.u), batch.k)),
      ),
  });
  for (let t = 1; t <= 5; t++) await trainer.train({ t: float32([t], []), k: float32([1, 3], [1, 2]) });
  const { w, u } = trainer.parameters;
  await trainer.release();
  return [...Array.from(w.data), ...Array.from(u.data)];
}

describe("optimisers follow PyTorch's", () => {
  test.each<[string, () => Promise<number[]>, number[]]>([
    [
      "SGD(lr=.1)",
      () => trajectory(sgd({ learningRate: 0.1 })),
      [0.151199996, -0.302399993, 0.453600019, 0.0290730726, -1.35922015],
    ],
    [
      "SGD(lr=.1, momentum=.9, weight_decay=.01)",
      () => trajectory(sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 })),
      [-0.557586253, 1.11517251, -1.67275882, -0.725839019, -2.34442663],
    ],
    [
      "Adam(lr=.1, weight_decay=.1)",
      () => trajectory(adam({ learningRate: 0.1, weightDecay: 0.1 })),
      [0.505673707, -1.50939822, 2.51066995, -0.000898852944, -0.99486953],
    ],
    [
      "AdamW(lr=.1, weight_decay=.1)",
      () => trajectory(adamW({ learningRate: 0.1, weightDecay: 0.1 })),
      [0.467258573, -1.42201591, 2.37429404, -0.0158642754, -0.961458087],
    ],
    [
      "AdamW(lr=.1, weight_decay=.01, betas=(.8, .9), eps=1e-3), clip_grad_norm_([w, u], .5)",
      () =>
        trajectory(adamW({ learningRate: 0.1, weightDecay: 0.01, beta1: 0.8, beta2: 0.9, epsilon: 1e-3 }), {
          clipNorm: 0.5,
        }),
      [0.501637936, -1.49160576, 2.48543739, 0.0400634632, -0.941704333],
    ],
  ])("torch.optim.%s", async (_name, run, golden) => {
    expect(relativeError(await run(), golden)).toBeLessThan(1e-6);
  });

  test("a schedule scales each step's learning rate", async () => {
    // One step of 0.05, then four of nothing: w - .05 * 1 * w.
    const [w0] = await trajectory(sgd({ learningRate: 0.1 }), { schedule: (step) => (step === 1 ? 0.5 : 0) });
    expect(w0).toBeCloseTo(0.95, 6);
  });
});

test("schedules rise, fall and stay at their floor", () => {
  const at = (schedule: Schedule, ...steps: number[]) => steps.map(schedule);
  expect(at(constantRate, 1, 1000)).toEqual([1, 1]);
  expect(at(linearDecay({ warmup: 4, total: 12 }), 1, 2, 4, 8, 12, 20)).toEqual([0.25, 0.5, 1, 0.5, 0, 0]);
  expect(at(linearDecay({ warmup: 0, total: 10, floor: 0.1 }), 5, 10, 11)).toEqual([0.55, 0.1, 0.1]);
  const cosine = at(cosineDecay({ warmup: 2, total: 10, floor: 0.2 }), 2, 4, 6, 10);
  // 0.2 + 0.8 * 0.5 * (1 + cos(pi * (step - 2) / 8))
  [1, 0.2 + 0.4 * (1 + Math.SQRT1_2), 0.6, 0.2].forEach((factor, i) => {
    expect(cosine[i]).toBeCloseTo(factor, 12);
  });
});

describe("lazy tables", () => {
  const pairs = twoTastes(30, 40, 6, Random.fromSeed("rows"));
  const train = async (optimizer: Optimizer, lazy: boolean) => {
    const random = Random.fromSeed("lazy");
    const trainer = bprTrainer(pairs, random, { optimizer, lazy });
    for (let i = 0; i < 5; i++) {
      const own = random.fork(i);
      const examples = own.permutation(pairs.user.length).subarray(0, 16);
      await trainer.train(bprBatch(pairs, examples, own));
    }
    return trainer.parameterRecord();
  };

  test("are those of the whole table with SGD, without touching the other rows", async () => {
    const dense = await train(sgd({ learningRate: 0.5 }), false);
    const lazy = await train(sgd({ learningRate: 0.5 }), true);
    for (const name of ["user", "item"]) {
      expect(relativeError(lazy[name].data, dense[name].data), name).toBeLessThan(1e-6);
    }
  });

  test("follow PyTorch's SparseAdam", async () => {
    // e = torch.nn.Embedding(4, 2, sparse=True), weight torch.arange(8.).reshape(4, 2) * .1; SparseAdam(e.parameters(), lr=.1);
    // for ids in [[0, 1], [1, 1], [3, 1], [0, 0]]: (e(torch.tensor(ids)) * torch.tensor([[1., 2.], [3., -1.]])).pow(2).sum().mul(.5)
    const trainer = createTrainer({
      parameters: {
        e: float32(
          Float32Array.from({ length: 8 }, (_, i) => i * 0.1),
          [4, 2],
        ),
      },
      optimizer: adam({ learningRate: 0.1 }),
      lazyTables: ["e"],
      loss: (p, batch: { ids: np.Array; k: np.Array }) =>
        np.multiply(np.sum(square(np.multiply(np.take(p.e, batch.ids, 0), batch.k))), 0.5),
    });
    for (const ids of [
      [0, 1],
      [1, 1],
      [3, 1],
      [0, 0],
    ]) {
      await trainer.train({ ids: int32(ids), k: float32([1, 2, 3, -1], [2, 2]) });
    }
    const golden = [0, -0.0523276515, -0.0693929344, 0.0332181826, 0.400000006, 0.5, 0.536118686, 0.63611865];
    expect(relativeError(trainer.parameters.e.data, golden)).toBeLessThan(1e-6);
  });
});

describe("tables of which rows are picked", () => {
  /** A tied table: rows are picked from it, twice, and it is multiplied as a whole. */
  const tied = (lazyTables: string[] = []) =>
    createTrainer({
      parameters: {
        e: float32(
          Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
          [4, 3],
        ),
      },
      optimizer: sgd({ learningRate: 0.5 }),
      lazyTables,
      loss: (p, batch: { a: np.Array; b: np.Array }) => {
        const rows = np.add(np.take(p.e, batch.a, 0), np.multiply(np.take(p.e, batch.b, 0), 2));
        return np.sum(square(np.matmul(rows, np.transpose(p.e))));
      },
    });
  const batch = { a: int32([0, 3, 3, 3], [2, 2]), b: int32([1, 3, 0, 3], [2, 2]) };

  test("get the gradient of each use", async () => {
    const trainer = tied();
    await trainer.train(batch);
    // e = torch.sin(torch.arange(12.)).reshape(4, 3).requires_grad_(); a, b = torch.tensor([[0, 3], [3, 3]]), torch.tensor([[1, 3], [0, 3]])
    // ((e[a] + 2 * e[b]) @ e.T).pow(2).sum().backward(); e - .5 * e.grad
    const golden = [
      10.9056664, -19.8246021, -32.3282204, -12.7356033, 24.468605, 39.1764908, 10.3990974, -16.3225822,
      -28.0373535, -31.0644894, 83.7942352, 121.612907,
    ];
    expect(relativeError(trainer.parameters.e.data, golden)).toBeLessThan(1e-6);
  });

  test("can't be lazy where they are used as a whole", async () => {
    await expect(tied(["e"]).train(batch)).rejects.toThrow(
      "e is lazy, but the loss uses more of it than rows",
    );
  });

  test("name a row that they lack", async () => {
    await expect(tied().train({ ...batch, a: int32([0, 3, -1, 3], [2, 2]) })).rejects.toThrow(
      "the batch picks row -1 of e, which has 4",
    );
  });
});

describe("a batch in parts", () => {
  const pairs = twoTastes(20, 20, 5, Random.fromSeed("parts"));
  const setUp = () => {
    const random = Random.fromSeed("accumulate");
    const trainer = bprTrainer(pairs, random, {
      optimizer: sgd({ learningRate: 0.5, momentum: 0.9 }),
      clipNorm: 0.01,
    });
    return {
      trainer,
      batch: bprBatch(
        pairs,
        Int32Array.from({ length: 30 }, (_, i) => 3 * i),
        random,
      ),
    };
  };
  const cut = (batch: ReturnType<typeof bprBatch>, from: number, to: number) => ({
    user: int32(batch.user.data.slice(from, to)),
    positive: int32(batch.positive.data.slice(from, to)),
    negative: int32(batch.negative.data.slice(from, to)),
  });

  test("gives the step of the whole batch, also in unequal parts", async () => {
    const whole = setUp();
    const halves = setUp();
    const thirds = setUp();
    for (let step = 0; step < 3; step++) {
      const one = await whole.trainer.train(whole.batch);
      const two = await halves.trainer.trainParts([cut(halves.batch, 0, 15), cut(halves.batch, 15, 30)]);
      const { batch } = thirds;
      await thirds.trainer.trainParts([cut(batch, 0, 20), cut(batch, 20, 30)], [2 / 3, 1 / 3]);
      expect(two.loss).toBeCloseTo(one.loss, 5);
      expect(two.gradientNorm).toBeCloseTo(one.gradientNorm, 5);
    }
    expect(halves.trainer.step).toBe(3);
    const expected = whole.trainer.parameters.item.data;
    expect(relativeError(halves.trainer.parameters.item.data, expected)).toBeLessThan(1e-5);
    expect(relativeError(thirds.trainer.parameters.item.data, expected)).toBeLessThan(1e-5);
  });
});

describe("failures", () => {
  const divide = () =>
    createTrainer({
      parameters: { scale: float32([2, 4]), shift: float32([1, 1]) },
      optimizer: sgd({ learningRate: 0.1 }),
      loss: (p, batch: { x: np.Array }) => np.sum(np.add(np.divide(p.scale, batch.x), p.shift)),
    });

  test("a gradient that is not finite is named, and nothing changes", async () => {
    const trainer = divide();
    await trainer.train({ x: float32([1, 1]) });
    const before = bytes(trainer.snapshot().tensors);
    await expect(trainer.train({ x: float32([1, 0]) })).rejects.toMatchObject({
      code: "NOT_FINITE",
      step: 2,
      parameters: ["scale"],
      message: "training stopped at step 2: the loss is Infinity, the gradient of scale is not finite",
    });
    expect(Buffer.compare(bytes(trainer.snapshot().tensors), before)).toBe(0);
    await trainer.train({ x: float32([1, 2]) });
    expect(trainer.step).toBe(2);
  });

  test("parameters of another shape are named with both shapes", () => {
    const trainer = divide();
    expect(() => {
      trainer.setParameterRecord({ scale: float32([1, 2, 3]), shift: float32([1, 1]) });
    }).toThrow("scale is float32[3] in the given parameters, but float32[2] in the model");
    expect(() => {
      trainer.setParameterRecord({ scale: float32([1, 2]) });
    }).toThrow("the given parameters lacks shift");
    expect(() => {
      trainer.setParameterRecord({ scale: float32([1, 2]), shift: float32([1, 1]), bias: float32([1]) });
    }).toThrow("the given parameters has bias, which the model lacks");
  });

  test("a batch that does not fit the parameters is named with all shapes", async () => {
    await expect(divide().train({ x: float32([1, 2, 3]) })).rejects.toThrow(
      /parameter:scale float32\[2\].*batch:x float32\[3\]/s,
    );
  });

  test("a loss that is no scalar is refused", async () => {
    const trainer = createTrainer({
      parameters: { w: float32([1, 2]) },
      optimizer: sgd({ learningRate: 1 }),
      loss: (p) => square(p.w),
    });
    await expect(trainer.train({})).rejects.toThrow("the loss has the shape [2]");
  });

  test("integers can't be trained", () => {
    const parameters = { w: int32([1]) };
    expect(() =>
      createTrainer({ parameters, optimizer: sgd({ learningRate: 1 }), loss: (p) => np.sum(p.w) }),
    ).toThrow("w is int32[1]: only float32 can be trained");
  });

  test("a batch that can't fit in memory is refused with an estimate", async () => {
    const trainer = createTrainer({
      parameters: { w: float32(new Float32Array(64), [64, 1]) },
      optimizer: sgd({ learningRate: 1 }),
      memoryLimit: 1e6,
      loss: (p, { x }: { x: np.Array }) => np.sum(np.exp(np.matmul(np.sin(x), p.w))),
    });
    await trainer.train({ x: float32(new Float32Array(640), [10, 64]) });
    await expect(trainer.train({ x: float32(new Float32Array(64e4), [10_000, 64]) })).rejects.toThrow(
      /needs about \d+ MB of memory, and 1 MB are free/,
    );
  });
});

test("metrics beside the loss, averaged over parts, and evaluation without a step", async () => {
  const trainer = createTrainer({
    parameters: { w: float32([3], []) },
    fixed: { offset: float32([1], []) },
    optimizer: sgd({ learningRate: 0 }),
    loss: (p, { x }: { x: np.Array }, { offset }) => ({
      loss: np.mean(np.add(np.multiply(x, p.w), offset)),
      metrics: { largest: np.max(x) },
    }),
  });
  const batch = { x: float32([1, 2, 3]) };
  expect(await trainer.train(batch)).toEqual({ loss: 7, gradientNorm: 2, metrics: { largest: 3 } });
  expect(await trainer.evaluate(batch)).toEqual({ loss: 7, metrics: { largest: 3 } });
  const parts = await trainer.trainParts([{ x: float32([1, 1]) }, { x: float32([5, 5]) }]);
  expect(parts).toEqual({ loss: 10, gradientNorm: 3, metrics: { largest: 3 } });
});

describe("the same bytes", () => {
  const train = async (threads: number, lazy = false) => {
    const random = Random.fromSeed("bytes");
    const pairs = twoTastes(101, 58, 20, random.fork("data"));
    const trainer = bprTrainer(pairs, random, { width: 17, threads, lazy, clipNorm: 1 });
    const report = await fitBpr(trainer, pairs, random, { batchSize: 333 });
    return { weights: bytes(trainer.snapshot().tensors), report, trainer };
  };

  test("twice, and on 1, 2 and 3 threads", async () => {
    const first = await train(2);
    expect(first.report.epochs[3].loss).toBeLessThan(first.report.epochs[0].loss);
    for (const threads of [2, 1, 3]) {
      expect(Buffer.compare((await train(threads)).weights, first.weights), `${threads} threads`).toBe(0);
    }
  });

  test("with lazy tables too, and the model learns", async () => {
    const first = await train(2, true);
    expect(Buffer.compare((await train(1, true)).weights, first.weights)).toBe(0);
    expect(accuracy(first.trainer)).toBeGreaterThan(0.9);
  });
});
