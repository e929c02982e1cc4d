import { numpy as np } from "@jax-js/jax";
import { z } from "zod";
import { sigmoid, tanh } from "../../engine/nn/activations.js";
import { bceWithLogits, bprLoss } from "../../engine/nn/losses.js";
import { dense, denseParameters } from "../ctr/layers.js";
import type { Arrays } from "../ctr/model.js";
import { TRIPLES } from "./examples.js";
import type { ContentModel, Tables } from "./model.js";
import { contentRecommender } from "./recommender.js";
import { rowDots } from "./row-dots.js";

const options = {
  /** Width of the hidden layers. */
  hidden: z.int().min(1).default(200),
  /** Weight of the difference of a pair's scores against the backbone's. */
  alpha: z.number().min(0).default(0.9),
  /** Weight of how an item stands out from the batch. */
  beta: z.number().min(0).default(0.05),
  /** Weight of the scores' own distance from the backbone's. */
  gamma: z.number().min(0).default(0.1),
};

export type AldiOptions = Readonly<Record<"hidden" | "alpha" | "beta" | "gamma", number>>;

function mapper(parameters: Arrays, name: string, input: np.Array): np.Array {
  return dense(parameters, `${name}Output`, tanh(dense(parameters, `${name}Hidden`, input)));
}

/** e_i . (e_i - mean of the batch) for each row. */
export function standingOut(rows: np.Array): np.Array {
  return rowDots(rows, np.subtract(rows, np.mean(rows, 0, { keepdims: true })));
}

/**
 * What a batch of triples (user, positive, negative) has for a loss: scores of the student m_U(U_u) . m_I(c_i) and of the teacher U_u . V_i,
 * and both their embeddings of the positives.
 */
export function studentAndTeacher(
  parameters: Arrays,
  { user, positive, negative }: Arrays,
  { users, items, content }: Tables,
) {
  const teacher = (item: np.Array) => np.take(items, item, 0);
  const student = (item: np.Array) => mapper(parameters, "item", np.take(content, item, 0));
  const own = np.take(users, user, 0);
  const mapped = mapper(parameters, "user", own);
  const [teacherPositive, studentPositive] = [teacher(positive), student(positive)];
  return {
    teacherPositive,
    studentPositive,
    t: { positive: rowDots(own, teacherPositive), negative: rowDots(own, teacher(negative)) },
    s: { positive: rowDots(mapped, studentPositive), negative: rowDots(mapped, student(negative)) },
  };
}

/**
 * A student of cold items aligned with its teacher, the backbone. The student scores s = m_U(U_u) . m_I(c_i), the teacher t = U_u . V_i.
 * The loss of triples (user, positive i, negative j) is the mean of
 * `BPR(s_i - s_j) + alpha BCE(s_i - s_j, sigmoid(t_i - t_j)) + beta BCE(d(s), sigmoid(d(t))) + gamma (|t_i - s_i| + |t_j - s_j|)`,
 * where d is how far an item stands out from the batch's positives, {@link standingOut}. Warm items keep the teacher's scores. As in the
 * authors' code, but without its batch normalisation (content comes standardised here) and its weights by an item's frequency.
 */
export const aldiModel: ContentModel<AldiOptions> = {
  ...TRIPLES,
  parameters: ({ factors, content }, { hidden }, random) => ({
    ...denseParameters("userHidden", factors, hidden, random),
    ...denseParameters("userOutput", hidden, factors, random),
    ...denseParameters("itemHidden", content, hidden, random),
    ...denseParameters("itemOutput", hidden, factors, random),
  }),
  loss(parameters, batch, tables, { alpha, beta, gamma }) {
    const { teacherPositive, studentPositive, t, s } = studentAndTeacher(parameters, batch, tables);
    const ranking = bceWithLogits(
      np.subtract(s.positive, s.negative),
      sigmoid(np.subtract(t.positive, t.negative)),
    );
    const identification = bceWithLogits(standingOut(studentPositive), sigmoid(standingOut(teacherPositive)));
    const rating = np.mean(
      np.add(np.abs(np.subtract(t.positive, s.positive)), np.abs(np.subtract(t.negative, s.negative))),
    );
    return [
      np.multiply(ranking, alpha),
      np.multiply(identification, beta),
      np.multiply(rating, gamma),
    ].reduce((sum, part) => np.add(sum, part), bprLoss(s.positive, s.negative));
  },
  // Side by side: the teacher's numbers meet the warm items' alone, the student's the cold ones'.
  embed(parameters, { users, items, content, warm }) {
    const mapped = mapper(parameters, "item", content);
    return {
      users: np.concatenate([users, mapper(parameters, "user", users)], 1),
      items: np.concatenate([items, np.where(np.greater(warm, 0), 0, mapped)], 1),
    };
  },
};

export const aldi = contentRecommender({
  id: "aldi",
  summary: "A student of item content aligned with the backbone's scores (Huang et al., RecSys 2023).",
  batchSize: 1024,
  options,
  model: aldiModel,
});
