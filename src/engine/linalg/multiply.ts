import type { InferenceSession } from "onnxruntime-node";
import { throwIfInterrupted } from "../../core/errors.js";
import { GraphBuilder } from "../onnx/graph-builder.js";
import { sumsDependOnThreads } from "../run/thread-sums.js";

/** A dense matrix, row-major. */
export interface Matrix<A extends Float32Array | Float64Array = Float32Array | Float64Array> {
  readonly rows: number;
  readonly columns: number;
  readonly data: A;
}

export interface MultiplyOptions {
  /** Multiplies by the transpose of the left matrix. */
  transposeA?: boolean;
  /** Multiplies by the transpose of the right matrix. */
  transposeB?: boolean;
  signal?: AbortSignal;
  /** A run of ONNX Runtime blocks the process: larger products are cut into several runs. */
  multiplyAddsPerRun?: number;
}

const sessions = new Map<string, Promise<InferenceSession>>();

/**
 * The product of two dense matrices of one precision by ONNX Runtime's Gemm on all cores. The same bits on 1 to 16
 * threads. Large products are cut by rows of the result, so that the process stays interruptible.
 * @throws RangeError where the inner sides differ; InterruptedError between runs when the signal is aborted.
 */
export async function multiply<A extends Float32Array | Float64Array>(
  a: Matrix<A>,
  b: Matrix<A>,
  { transposeA = false, transposeB = false, signal, multiplyAddsPerRun = 1e10 }: MultiplyOptions = {},
): Promise<Matrix<A>> {
  const [rows, inner] = transposeA ? [a.columns, a.rows] : [a.rows, a.columns];
  const [otherInner, columns] = transposeB ? [b.columns, b.rows] : [b.rows, b.columns];
  if (inner !== otherInner) {
    throw new RangeError(`multiply: [${rows}, ${inner}] and [${otherInner}, ${columns}] don't fit`);
  }
  const ort = await import("onnxruntime-node");
  const type = a.data instanceof Float32Array ? "float32" : "float64";
  const right = new ort.Tensor(type, b.data, [b.rows, b.columns]);
  const run = async (part: A, partRows: number): Promise<A> => {
    if (signal) throwIfInterrupted(signal);
    const dims = transposeA ? [inner, partRows] : [partRows, inner];
    const left = new ort.Tensor(type, part, dims);
    if (sumsDependOnThreads(partRows, columns, inner)) {
      const session = await gemmSession(type, !transposeB, !transposeA);
      const { y } = await session.run({ a: right, b: left });
      return transposed(y.data as A, columns, partRows);
    }
    const session = await gemmSession(type, transposeA, transposeB);
    const { y } = await session.run({ a: left, b: right });
    return y.data as A;
  };
  const rowsPerRun = Math.max(1, Math.floor(multiplyAddsPerRun / (inner * columns)));
  if (rows <= rowsPerRun || transposeA) {
    return { rows, columns, data: await run(a.data, rows) };
  }
  const data = (
    type === "float32" ? new Float32Array(rows * columns) : new Float64Array(rows * columns)
  ) as A;
  for (let from = 0; from < rows; from += rowsPerRun) {
    const to = Math.min(rows, from + rowsPerRun);
    data.set(await run(a.data.subarray(from * inner, to * inner) as A, to - from), from * columns);
  }
  return { rows, columns, data };
}

/** A matrix [rows, columns] as [columns, rows]. */
function transposed<A extends Float32Array | Float64Array>(data: A, rows: number, columns: number): A {
  const out = data.slice() as A;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = data[row * columns + column];
  }
  return out;
}

function gemmSession(
  type: "float32" | "float64",
  transA: boolean,
  transB: boolean,
): Promise<InferenceSession> {
  const key = `${type} ${transA} ${transB}`;
  let session = sessions.get(key);
  if (session === undefined) {
    session = createGemm(type, transA, transB);
    sessions.set(key, session);
  }
  return session;
}

async function createGemm(
  type: "float32" | "float64",
  transA: boolean,
  transB: boolean,
): Promise<InferenceSession> {
  const graph = new GraphBuilder("gemm");
  const a = graph.input("a", type, transA ? ["k", "m"] : ["m", "k"]);
  const b = graph.input("b", type, transB ? ["n", "k"] : ["k", "n"]);
  graph.node("Gemm", [a, b], { transA: Number(transA), transB: Number(transB) }, { outputs: ["y"] });
  graph.output("y", type, ["m", "n"]);
  const [{ InferenceSession }, { deviceOf }] = await Promise.all([
    import("onnxruntime-node"),
    import("../run/providers.js"),
  ]);
  return InferenceSession.create(graph.build().model, {
    intraOpNumThreads: deviceOf().threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Between short runs the runtime's threads would spin and take the core from the caller's own work: on two busy cores
    // ALS took 2.5 times as long.
    extra: { session: { "intra_op.allow_spinning": "0" } },
  });
}
