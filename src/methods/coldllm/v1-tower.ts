import { numpy as np } from "@jax-js/jax";
import { sigmoid } from "../../engine/nn/activations.js";
import { bceWithLogits, bprLoss, mseLoss } from "../../engine/nn/losses.js";
import { aldiModel, standingOut, studentAndTeacher } from "../../recommenders/cold-start/aldi.js";
import type { ContentModel } from "../../recommenders/cold-start/model.js";

export interface V1TowerOptions {
  /** Width of the hidden layers. */
  readonly hidden: number;
  /** Weight of the scores' distance from the backbone's. */
  readonly alpha: number;
  /** Weight of how an item stands out from the batch. */
  readonly beta: number;
}

/**
 * The collaborative tower as the paper's version 1 writes it (equations 12 to 15): ALDI's two mappers with another loss. Of triples (user,
 * positive i, negative j), with the student's scores s, the backbone's t and how far an item stands out from the batch's positives d, it is
 * `BPR(s_i - s_j) + alpha (|t_i - s_i|^2 + |t_j - s_j|^2) + beta BCE(d(s), sigmoid(d(t)))`, a mean over triples.
 */
export const v1Tower: ContentModel<V1TowerOptions> = {
  ...aldiModel,
  loss(parameters, batch, tables, { alpha, beta }) {
    const { teacherPositive, studentPositive, t, s } = studentAndTeacher(parameters, batch, tables);
    const distance = np.add(mseLoss(s.positive, t.positive), mseLoss(s.negative, t.negative));
    const identification = bceWithLogits(standingOut(studentPositive), sigmoid(standingOut(teacherPositive)));
    return [np.multiply(distance, alpha), np.multiply(identification, beta)].reduce(
      (sum, part) => np.add(sum, part),
      bprLoss(s.positive, s.negative),
    );
  },
};
