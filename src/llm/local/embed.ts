import { throwIfInterrupted } from "../../core/errors.js";
import type { CallContext, Vectors } from "../language-model.js";
import { type BatchLimits, equalLengthBatches } from "./batches.js";
import type { Decoder } from "./decoder.js";

/** Which states make a text's vector: the mean over its tokens, or the last token's. */
export type Pooling = "mean" | "last";

/** One vector a text from the last layer's states, after the final norm. */
export async function poolStates(
  decoder: Decoder,
  texts: readonly (readonly number[])[],
  pooling: Pooling,
  limits: BatchLimits,
  context: CallContext,
): Promise<Vectors> {
  const lengths = texts.map((tokens) => tokens.length);
  const step = context.progress.start("embedding", texts.length);
  let data = new Float32Array(0);
  let width = 0;
  let done = 0;
  for (const batch of equalLengthBatches(lengths, 0, limits)) {
    throwIfInterrupted(context.signal);
    const result = await decoder.forward(
      batch.map((index) => texts[index]),
      { keep: 1, states: true },
    );
    const states = result.states!;
    if (width === 0) {
      width = result.width;
      data = new Float32Array(texts.length * width);
    }
    const length = lengths[batch[0]];
    batch.forEach((index, row) => {
      const block = states.subarray(row * length * width, (row + 1) * length * width);
      const out = data.subarray(index * width, (index + 1) * width);
      if (pooling === "last") out.set(block.subarray((length - 1) * width));
      else meanOfRows(block, length, width, out);
    });
    done += batch.length;
    step.update(done);
  }
  step.end();
  return { rows: texts.length, width, data };
}

function meanOfRows(block: Float32Array, rows: number, width: number, out: Float32Array): void {
  for (let j = 0; j < width; j++) {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += block[i * width + j];
    out[j] = sum / rows;
  }
}
