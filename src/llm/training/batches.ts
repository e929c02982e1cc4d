import type { Random } from "../../core/random.js";
import { float32, int32, type Tensor } from "../../engine/run/tensor.js";
import { ProviderError } from "../../core/errors.js";
import type { Prompt, Tokenizer } from "../language-model.js";

/** A prompt and the answer that is learnt. */
export interface TrainingPair {
  readonly prompt: Prompt;
  readonly completion: string;
}

/** A pair in tokens. */
export interface TrainingRow {
  readonly tokens: readonly number[];
  /** The first token that is learnt: where the completion begins, or 1 for all. */
  readonly from: number;
}

/** Where the loss is taken: on the completion's tokens, or on all but the first. */
export type LossOn = "completion" | "all";

/**
 * Tokenises prompt and completion together, as the model will read them, followed by the end token. The completion begins after the
 * longest beginning that prompt and whole share.
 * @throws ProviderError for a pair that is longer than `limit`.
 */
export function trainingRow(
  tokenizer: Tokenizer,
  { prompt, completion }: TrainingPair,
  index: number,
  { lossOn, limit, end }: { lossOn: LossOn; limit: number; end: boolean },
): TrainingRow {
  const rendered = tokenizer.render(prompt);
  const special = !tokenizer.hasChatTemplate;
  const start = tokenizer.encode(rendered, { special });
  const tokens = tokenizer.encode(rendered + completion, { special });
  let shared = 0;
  while (shared < start.length && shared < tokens.length && start[shared] === tokens[shared]) shared++;
  if (end && tokenizer.endTokens.length > 0) tokens.push(tokenizer.endTokens[0]);
  const from = lossOn === "all" ? 1 : Math.max(1, shared);
  if (tokens.length > limit) {
    throw new ProviderError(
      "PROMPT_TOO_LONG",
      `pair ${index} has ${tokens.length} tokens, but the limit is ${limit}`,
      {
        hint: "Shorten the history in the prompt, or leave out such pairs.",
      },
    );
  }
  if (from >= tokens.length)
    throw new ProviderError("EMPTY_TEXT", `the completion of pair ${index} has no tokens`);
  return { tokens, from };
}

/** A batch of one bucket as the training graph reads it. */
export interface SftBatch<T = Tensor> {
  /** int32 `[rows, length]`, padded on the right. */
  readonly tokens: T;
  /** int32 `[targets]`: positions, as row * length + place, whose next token is learnt. */
  readonly places: T;
  /** int32 `[targets]`: these next tokens. */
  readonly targets: T;
  /** float32 `[targets]`: 1, or 0 for padding. */
  readonly weights: T;
  /** Dropout factors by module path. */
  readonly dropout?: Readonly<Record<string, T>>;
}

/** Rows of similar length: all its batches have one shape, so one compiled graph serves them. */
export interface Bucket {
  readonly length: number;
  /** The most learnt tokens of a row. */
  readonly targets: number;
  readonly rows: readonly number[];
}

/** More buckets waste less padding but need more compiled graphs. */
const MOST_BUCKETS = 4;

/** Cuts the rows, sorted by length, into buckets of about equal numbers; lengths are rounded up to multiples of 8. */
export function lengthBuckets(rows: readonly TrainingRow[], most = MOST_BUCKETS): Bucket[] {
  const order = rows.map((_, i) => i).sort((a, b) => rows[a].tokens.length - rows[b].tokens.length || a - b);
  const lengthOf = (i: number) => Math.ceil(rows[i].tokens.length / 8) * 8;
  const limits = new Set<number>();
  for (let k = 1; k <= most; k++) {
    limits.add(lengthOf(order[Math.ceil((k * order.length) / most) - 1] ?? order[0]));
  }
  let begin = 0;
  return [...limits].map((length) => {
    let end = begin;
    while (end < order.length && lengthOf(order[end]) <= length) end++;
    const members = order.slice(begin, end).sort((a, b) => a - b);
    begin = end;
    const targets = Math.max(...members.map((i) => rows[i].tokens.length - rows[i].from));
    return { length, targets, rows: members };
  });
}

/** One step's rows: indices into the bucket's rows; fewer than the batch size only at a bucket's end. */
export interface Group {
  readonly bucket: Bucket;
  readonly rows: readonly number[];
}

/** The groups of all buckets, rows shuffled within their bucket. */
export function groupRows(buckets: readonly Bucket[], batchSize: number, random: Random): Group[] {
  return buckets.flatMap((bucket, b) => {
    const rows = random.fork(`bucket/${b}`).shuffle([...bucket.rows]);
    const groups: Group[] = [];
    for (let from = 0; from < rows.length; from += batchSize) {
      groups.push({ bucket, rows: rows.slice(from, from + batchSize) });
    }
    return groups;
  });
}

/** A batch of `size` rows of one bucket; missing rows are padding that weighs nothing. */
export function makeBatch(rows: readonly TrainingRow[], bucket: Bucket, size: number, pad: number): SftBatch {
  const { length, targets: perRow } = bucket;
  const tokens = new Int32Array(size * length).fill(pad);
  const places = new Int32Array(size * perRow);
  const targets = new Int32Array(size * perRow);
  const weights = new Float32Array(size * perRow);
  rows.forEach((row, r) => {
    tokens.set(row.tokens, r * length);
    for (let t = row.from; t < row.tokens.length; t++) {
      const at = r * perRow + (t - row.from);
      places[at] = r * length + t - 1;
      targets[at] = row.tokens[t];
      weights[at] = 1;
    }
  });
  return {
    tokens: int32(tokens, [size, length]),
    places: int32(places),
    targets: int32(targets),
    weights: float32(weights),
  };
}

/** How many tokens of a batch are learnt. */
export function learntTokens(batch: SftBatch): number {
  return (batch.weights.data as Float32Array).reduce((sum, weight) => sum + weight, 0);
}
