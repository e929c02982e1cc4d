import { grad, numpy as np } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import {
  gelu,
  geluTanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  logSumExp,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  square,
  tanh,
} from "../../../src/engine/nn/activations.js";
import { attention, causalMask } from "../../../src/engine/nn/attention.js";
import { gru } from "../../../src/engine/nn/gru.js";
import { bceWithLogits, bprLoss, crossEntropy, infoNce } from "../../../src/engine/nn/losses.js";
import { layerNorm, rmsNorm, unitNorm } from "../../../src/engine/nn/norms.js";
import type { Tensors } from "../../../src/engine/run/compile.js";
import { float32, int32 } from "../../../src/engine/run/tensor.js";
import { type Arrays, expectParity, onRuntime, relativeError } from "../parity.js";

/**
 * Goldens from PyTorch 2.15 (float32). Each is what the expression in the comment above it printed, with
 * `y.backward()` or `(y * w).sum().backward()` for the gradients.
 */

/** The value, and the gradient of sum(value * w) by the arrays named. */
function valueAndGradients(fn: (inputs: Arrays) => np.Array, by: readonly string[]) {
  return (inputs: Arrays): Arrays => {
    const loss = (...xs: np.Array[]) => {
      const y = fn({ ...inputs, ...Object.fromEntries(by.map((name, i) => [name, xs[i]])) });
      return np.sum("w" in inputs ? np.multiply(y, inputs.w) : y);
    };
    const gradients = grad(loss, { argnums: by.map((_, i) => i) })(...by.map((name) => inputs[name]));
    return { y: fn(inputs), ...Object.fromEntries(by.map((name, i) => [`d${name}`, gradients[i]])) };
  };
}

/** Compares with goldens; a golden of 1e-30 and less is 0 to within rounding. */
async function expectGoldens(
  fn: (inputs: Arrays) => np.Array,
  inputs: Tensors,
  goldens: Readonly<Record<string, readonly number[]>>,
  tolerance = 1e-5,
): Promise<void> {
  const by = Object.keys(goldens)
    .filter((name) => name !== "y")
    .map((name) => name.slice(1));
  const compute = valueAndGradients(fn, by);
  const results = await onRuntime(compute, inputs);
  for (const [name, golden] of Object.entries(goldens)) {
    expect(relativeError(results[name].data, golden), name).toBeLessThanOrEqual(tolerance);
  }
  await expectParity(compute, inputs);
}

const one = (fn: (x: np.Array) => np.Array) => (inputs: Arrays) => fn(inputs.x);

describe("activations at 0, ±100 and between", () => {
  // x = torch.tensor([-100., -20., -1., 0., .5, 20., 100.], requires_grad=True)
  const x = float32([-100, -20, -1, 0, 0.5, 20, 100]);
  test.each<[string, (x: np.Array) => np.Array, number[], number[]]>([
    [
      "torch.sigmoid(x)",
      sigmoid,
      [0.0, 2.06115369e-9, 0.268941432, 0.5, 0.622459352, 1.0, 1.0],
      [0.0, 2.06115369e-9, 0.196611941, 0.25, 0.23500371, 0.0, 0.0],
    ],
    [
      "F.silu(x)",
      silu,
      [-0.0, -4.12230747e-8, -0.268941432, 0.0, 0.311229676, 20.0, 100.0],
      [-0.0, -3.91619217e-8, 0.0723294839, 0.5, 0.739961207, 1.0, 1.0],
    ],
    [
      "torch.logaddexp(x, torch.zeros_like(x))",
      softplus,
      [3.78350585e-44, 2.06115369e-9, 0.313261688, 0.693147182, 0.974076986, 20.0, 100.0],
      [0.0, 2.06115369e-9, 0.268941432, 0.5, 0.622459352, 1.0, 1.0],
    ],
    [
      "F.logsigmoid(x)",
      logSigmoid,
      [-100.0, -20.0, -1.31326175, -0.693147182, -0.474076986, -2.06115369e-9, -3.9236357e-44],
      [1.0, 1.0, 0.731058598, 0.5, 0.377540678, 2.06115369e-9, 3.78350585e-44],
    ],
    [
      "torch.tanh(x)",
      tanh,
      [-1.0, -1.0, -0.761594176, 0.0, 0.462117165, 1.0, 1.0],
      [0.0, 0.0, 0.419974297, 1.0, 0.786447704, 0.0, 0.0],
    ],
    ["F.relu(x)", relu, [0.0, 0.0, 0.0, 0.0, 0.5, 20.0, 100.0], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]],
    [
      "F.leaky_relu(x)",
      (a) => leakyRelu(a),
      [-1.0, -0.199999988, -0.00999999978, 0.0, 0.5, 20.0, 100.0],
      [0.00999999978, 0.00999999978, 0.00999999978, 0.00999999978, 1.0, 1.0, 1.0],
    ],
    [
      "F.gelu(x)",
      gelu,
      [0.0, 0.0, -0.158655286, 0.0, 0.345731199, 20.0, 100.0],
      [0.0, 0.0, -0.0833154321, 0.5, 0.86749506, 1.0, 1.0],
    ],
    [
      'F.gelu(x, approximate="tanh")',
      geluTanh,
      [-0.0, -0.0, -0.158807993, 0.0, 0.345714003, 20.0, 100.0],
      [0.0, 0.0, -0.0829640925, 0.5, 0.86736989, 1.0, 1.0],
    ],
    [
      "torch.square(x)",
      square,
      [10000.0, 400.0, 1.0, 0.0, 0.25, 400.0, 10000.0],
      [-200.0, -40.0, -2.0, 0.0, 1.0, 40.0, 200.0],
    ],
  ])("%s", async (_name, fn, y, dx) => {
    await expectGoldens(one(fn), { x }, { y, dx });
  });

  test("the gradient of a pair that is ranked right is as small as it should be", async () => {
    // F.logsigmoid(torch.tensor([10., 15.])).sum().backward()
    await expectGoldens(one(logSigmoid), { x: float32([10, 15]) }, { dx: [4.53978682e-5, 3.05902205e-7] });
  });
});

describe("over the last axis", () => {
  // x = torch.tensor([[1., 2., 3.], [100., -100., 0.], [-1e9, -1e9, -1e9], [0., 0., 0.]]), w = torch.tensor([[1.,
  // -2., .5]]).repeat(4, 1)
  const x = float32([1, 2, 3, 100, -100, 0, -1e9, -1e9, -1e9, 0, 0, 0], [4, 3]);
  const w = float32([1, -2, 0.5, 1, -2, 0.5, 1, -2, 0.5, 1, -2, 0.5], [4, 3]);
  test("softmax, rows of masked logits too", async () => {
    // F.softmax(x, -1)
    await expectGoldens(
      one(softmax),
      { x, w },
      {
        y: [
          0.0900305733, 0.244728476, 0.665240943, 1.0, 0.0, 3.78350585e-44, 0.333333343, 0.333333343,
          0.333333343, 0.333333343, 0.333333343, 0.333333343,
        ],
        dx: [
          0.0960451439, -0.473107666, 0.3770625, 0.0, -0.0, -1.96181785e-44, 0.388888896, -0.611111164,
          0.222222239, 0.388888896, -0.611111164, 0.222222239,
        ],
      },
    );
  });
  test("log softmax", async () => {
    // F.log_softmax(x, -1)
    await expectGoldens(
      one(logSoftmax),
      { x, w },
      {
        y: [
          -2.40760589, -1.40760589, -0.407605946, 0.0, -200.0, -100.0, -1.09861231, -1.09861231, -1.09861231,
          -1.09861231, -1.09861231, -1.09861231,
        ],
        dx: [
          1.04501534, -1.87763572, 0.832620502, 1.5, -2.0, 0.5, 1.16666663, -1.83333337, 0.666666627,
          1.16666663, -1.83333337, 0.666666627,
        ],
      },
    );
  });
  test("log of the sum of exponentials", async () => {
    // torch.logsumexp(x[[0, 1, 3]], -1), w = torch.tensor([1., 2., 4.]); PyTorch rounds the gradient of the row of
    // -1e9 to 1, 1, 1
    await expectGoldens(
      one(logSumExp),
      { x: float32([1, 2, 3, 100, -100, 0, 0, 0, 0], [3, 3]), w: float32([1, 2, 4]) },
      {
        y: [3.40760589, 100.0, 1.09861231],
        dx: [
          0.0900305808, 0.244728491, 0.665241003, 2.0, 0.0, 7.56701171e-44, 1.33333325, 1.33333325,
          1.33333325,
        ],
      },
    );
  });
});

describe("norms", () => {
  // x = torch.tensor([[1., 2., 4.], [100., -100., 50.], [3., 3., 3.], [0., 0., 0.]]), w as above,
  // g = torch.tensor([1., 2., -1.]), b = torch.tensor([.1, .2, .3])
  const x = float32([1, 2, 4, 100, -100, 50, 3, 3, 3, 0, 0, 0], [4, 3]);
  const w = float32([1, -2, 0.5, 1, -2, 0.5, 1, -2, 0.5, 1, -2, 0.5], [4, 3]);
  const g = float32([1, 2, -1]);
  const b = float32([0.1, 0.2, 0.3]);
  test("layer norm, rows of equal numbers too", async () => {
    // F.layer_norm(x, [3], g, b, 1e-5)
    await expectGoldens(
      (i) => layerNorm(i.x, i.g, i.b),
      { x, w, g, b },
      {
        y: [
          -0.969041348, -0.334520578, -1.03630185, 1.08058071, -2.54562593, -0.0922322869, 0.100000001,
          0.200000003, 0.300000012, 0.100000001, 0.200000003, 0.300000012,
        ],
        dx: [
          1.54629326, -2.31943774, 0.773144543, 0.00135772675, 0.000452576205, -0.00181030296, 685.160217,
          -895.978699, 210.818542, 685.160217, -895.978699, 210.818542,
        ],
        dg: [-0.0884606838, 3.2801466, 0.864267051],
        db: [4.0, -8.0, 2.0],
      },
    );
  });
  test("RMS norm, a row of zeros too", async () => {
    // F.rms_norm(x, [3], g, 1e-5)
    await expectGoldens(
      (i) => rmsNorm(i.x, i.g),
      { x, w, g },
      {
        y: [
          0.377964199, 1.51185679, -1.51185679, 1.15470052, -2.30940104, -0.577350259, 0.999999404,
          1.99999881, -0.999999404, 0.0, 0.0, -0.0,
        ],
        dx: [
          0.539948642, -1.18788791, 0.458955616, -0.0128300069, -0.0218110103, -0.0179620087, 0.722221315,
          -0.944444358, 0.222221613, 316.227783, -1264.91113, -158.113892,
        ],
        dg: [2.5326643, -1.20245457, 1.54460335],
      },
    );
  });
  test("unit norm", async () => {
    // F.normalize(x[:3], dim=-1)
    const part = (t: typeof x) => float32(t.data.slice(0, 9), [3, 3]);
    await expectGoldens(
      one(unitNorm),
      { x: part(x), w: part(w) },
      {
        y: [
          0.21821788, 0.436435759, 0.872871518, 0.666666687, -0.666666687, 0.333333343, 0.577350318,
          0.577350318, 0.577350318,
        ],
        dx: [
          0.228609204, -0.41565311, 0.150674254, -0.00296296272, -0.0037037041, -0.00148148136, 0.224525109,
          -0.352825165, 0.128300071,
        ],
      },
    );
  });
});

describe("losses", () => {
  const logits = float32([1, 2, 3, 100, -100, 0, -1e9, -1e9, -1e9, 0, 0, 0], [4, 3]);
  test("cross-entropy", async () => {
    // F.cross_entropy(x, torch.tensor([2, 1, 0, 1])), x as in "over the last axis"
    const fn = (i: Arrays) => crossEntropy(i.x, i.t);
    await expectGoldens(
      fn,
      { x: logits, t: int32([2, 1, 0, 1]) },
      {
        y: [50.6512108],
        dx: [
          0.0225076452, 0.0611821227, -0.0836897492, 0.25, -0.25, 9.80908925e-45, -0.166666672, 0.0833333284,
          0.0833333284, 0.0833333284, -0.166666672, 0.0833333284,
        ],
      },
    );
  });
  test("cross-entropy without a row of padding", async () => {
    // F.cross_entropy(x, torch.tensor([2, -100, 0, 1]))
    const fn = (i: Arrays) => crossEntropy(i.x, i.t, i.m);
    const inputs = { x: logits, t: int32([2, 0, 0, 1]), m: float32([1, 0, 1, 1]) };
    await expectGoldens(fn, inputs, {
      y: [0.868276834],
      dx: [
        0.0300101936, 0.0815761685, -0.111586332, 0.0, 0.0, 0.0, -0.222222239, 0.111111104, 0.111111104,
        0.111111104, -0.222222239, 0.111111104,
      ],
    });
  });
  test("binary cross-entropy", async () => {
    // F.binary_cross_entropy_with_logits(x, torch.tensor([0., 1., 0., 1., 1., 0., 1.])), x as in "activations"
    const inputs = { x: float32([-100, -20, -1, 0, 0.5, 20, 100]), t: float32([0, 1, 0, 1, 1, 0, 1]) };
    await expectGoldens((i) => bceWithLogits(i.x, i.t), inputs, {
      y: [5.92578363],
      dx: [0.0, -0.142857149, 0.0384202041, -0.0714285746, -0.0539343767, 0.142857149, 0.0],
    });
  });
  test("Bayesian personalised ranking, scores 200 apart too", async () => {
    // -F.logsigmoid(torch.tensor([100., -100., 0., 1.]) - torch.tensor([-100., 100., 0., .5])).mean()
    const inputs = { p: float32([100, -100, 0, 1]), n: float32([-100, 100, 0, 0.5]) };
    await expectGoldens((i) => bprLoss(i.p, i.n), inputs, {
      y: [50.2918053],
      dp: [-0.0, -0.25, -0.125, -0.0943851694],
      dn: [0.0, 0.25, 0.125, 0.0943851694],
    });
  });
  test("InfoNCE", async () => {
    // F.cross_entropy(a @ c.T / 0.2, torch.arange(3))
    const inputs = { a: float32([1, 0, 0, 1, 0.6, 0.8], [3, 2]), c: float32([0.8, 0.6, 0, 1, 1, 0], [3, 2]) };
    await expectGoldens((i) => infoNce(i.a, i.c, 0.2), inputs, {
      y: [1.24337518],
      da: [0.235956192, -0.724207342, 0.167832479, -0.0888326988, -0.670256615, 1.08314848],
      dc: [-0.601290226, 1.02328324, 0.28645587, 0.163716137, 0.314834356, -1.18699944],
    });
  });
});

describe("layers", () => {
  const numbers = (n: number, fn: (i: number) => number, shape: number[]) =>
    float32(
      Float32Array.from({ length: n }, (_, i) => fn(i)),
      shape,
    );
  /** PyTorch keeps weights as [out, in]. */
  const transposed = ({ data }: { data: Float32Array }, rows: number, columns: number) =>
    float32(
      Float32Array.from(data, (_, k) => data[(k % rows) * columns + Math.floor(k / rows)]),
      [columns, rows],
    );

  test("gated recurrent unit", async () => {
    // gru = torch.nn.GRU(2, 3, batch_first=True), each parameter torch.sin(torch.arange(numel)) in its shape;
    // x = torch.cos(torch.arange(16.)).reshape(2, 4, 2), w = torch.sin(torch.arange(24.)).reshape(2, 4, 3); y, _ =
    // gru(x)
    const inputs = {
      x: numbers(16, Math.cos, [2, 4, 2]),
      w: numbers(24, Math.sin, [2, 4, 3]),
      i: transposed(numbers(18, Math.sin, [9, 2]), 9, 2),
      h: transposed(numbers(27, Math.sin, [9, 3]), 9, 3),
      b: numbers(9, Math.sin, [9]),
      c: numbers(9, Math.sin, [9]),
    };
    const fn = ({ x, i, h, b, c }: Arrays) =>
      gru(x, { inputWeight: i, hiddenWeight: h, inputBias: b, hiddenBias: c });
    await expectGoldens(fn, inputs, {
      y: [
        -0.26377508, 0.56868577, 0.636818767, -0.17083542, -0.216744483, 0.940358818, 0.253196299,
        -0.0320983604, 0.987997234, 0.0294189453, 0.329120636, 0.827011287, -0.333602458, 0.3728095,
        0.711706758, 0.24208656, -0.134742334, 0.972653508, 0.102695905, 0.290080428, 0.775896192,
        -0.291590333, 0.325883538, 0.969477177,
      ],
      dx: [
        -0.333037555, -0.611502707, -0.662570596, -0.275121182, 0.242450893, 0.147028625, 0.129960909,
        0.567847013, 0.551611602, 0.268301964, -0.208604321, -0.0910356566, -0.0286892205, -0.742221773,
        -0.317780733, 0.298380405,
      ],
      di: [
        -0.0195132494, -0.00400798488, 0.125897378, 0.0394323096, -0.00516880909, -0.0280392785, -0.184578314,
        0.0834613815, 0.506439924, -0.0872205794, -0.0445869118, 0.101862669, -0.00415584818, 0.0842673257,
        0.115196563, -0.605225086, 0.240053862, 0.389569521,
      ],
      dh: [
        -0.00825365447, -0.00273610954, 0.00716523081, 0.0237310342, 0.0595811754, -0.0172286723,
        -0.0490067005, 0.0539844558, 0.0128130587, 0.0395735726, 0.013723623, -0.0136895226, 0.00194613077,
        -0.0654562861, 0.0421755537, 0.219857588, -0.191566944, -0.0435005091, 0.0564016774, -0.00403736532,
        0.0326827392, 0.0242907256, -0.0254258364, 0.0592988096, 0.219918847, -0.0521120727, 0.060721647,
      ],
      db: [
        0.0958228484, 0.0325958058, 0.142923176, -0.0734321401, -0.253705084, -0.153476655, 0.412120759,
        -0.0153390765, 0.572460651,
      ],
      dc: [
        0.0958228558, 0.0325958058, 0.142923176, -0.0734321401, -0.253705084, -0.153476655, 0.258943766,
        0.102551892, 0.368337095,
      ],
    });
  });

  test("causal attention", async () => {
    // q = torch.sin(torch.arange(16.)).reshape(1, 2, 4, 2), k = torch.cos(torch.arange(16.))..., v =
    // torch.sin(torch.arange(16.) * .5)..., w = torch.cos(torch.arange(16.) * .3)...;
    // F.scaled_dot_product_attention(q, k, v, is_causal=True)
    const shape = [1, 2, 4, 2];
    const inputs = {
      q: numbers(16, Math.sin, shape),
      k: numbers(16, Math.cos, shape),
      v: numbers(16, (i) => Math.sin(i / 2), shape),
      w: numbers(16, (i) => Math.cos(i * 0.3), shape),
      m: float32(causalMask(4), [4, 4]),
    };
    const fn = ({ q, k, v, m }: Arrays) => attention(q, k, v, m);
    await expectGoldens(fn, inputs, {
      y: [
        0.0, 0.47942555, 0.215997204, 0.612408757, 0.776265383, 0.829047024, 0.456456274, 0.369011819,
        -0.756802499, -0.977530122, -0.838861048, -0.867106199, -0.70076555, -0.496189743, -0.265526295,
        0.0737296268,
      ],
      dq: [
        0.0, 0.0, -0.194219917, -0.209874928, -0.032494504, -0.025067674, 0.141349345, 0.10181167, 0.0, 0.0,
        0.00809992943, -0.0106923804, -0.272422075, -0.239799976, -0.0599896871, 0.0102713443,
      ],
      dk: [
        -0.110548139, 0.00717325835, 0.126155719, -0.0258943327, 0.00834889431, -0.0376075394, -0.0239564795,
        0.0563286096, -0.00414378569, 0.0459302738, -0.0154470243, 0.0893853009, 0.0934763402, -0.0868131146,
        -0.0738855377, -0.0485024303,
      ],
      dv: [
        1.59316707, 1.29810703, 0.395188242, 0.120421685, 0.0354616195, -0.134980768, -0.0633256882,
        -0.140710518, -1.61855555, -1.7042309, -0.854375303, -0.744973958, -0.559966803, -0.344029546,
        -0.0815076157, -0.0350455716,
      ],
    });
  });

  test("embedding, with repeated indices", async () => {
    // e = torch.zeros(5, 2, requires_grad=True), w = torch.arange(12.).reshape(2, 3, 2);
    // F.embedding(torch.tensor([[0, 3, 3], [3, 0, 4]]), e)
    const inputs = {
      e: float32(new Float32Array(10), [5, 2]),
      i: int32([0, 3, 3, 3, 0, 4], [2, 3]),
      w: numbers(12, (i) => i, [2, 3, 2]),
    };
    await expectGoldens(({ e, i }) => np.take(e, i, 0), inputs, {
      de: [8.0, 10.0, 0.0, 0.0, 0.0, 0.0, 12.0, 15.0, 10.0, 11.0],
    });
  });
});
