import { LlmrecError } from "../../core/errors.js";

/** The loss or a gradient is no longer a number. The trainer is as it was before the step. */
export class NotFiniteError extends LlmrecError {
  /**
   * @param step - the step that failed, counted from 1.
   * @param parameters - those whose gradient is NaN or infinite; none if only the loss is.
   * @param checkpoint - the last good state on disk.
   */
  constructor(
    readonly step: number,
    readonly loss: number,
    readonly parameters: readonly string[],
    checkpoint?: string,
  ) {
    const what = parameters.length === 0 ? "" : `, the gradient of ${parameters.join(", ")} is not finite`;
    const way = checkpoint === undefined ? "" : ` The last good state is ${checkpoint}.`;
    super("unexpected", "NOT_FINITE", `training stopped at step ${step}: the loss is ${loss}${what}`, {
      hint: `Use a smaller learning rate or clip the gradients, and look for NaN in the data.${way}`,
    });
  }

  /** The same failure, with the checkpoint to go back to. */
  at(checkpoint: string): NotFiniteError {
    return new NotFiniteError(this.step, this.loss, this.parameters, checkpoint);
  }
}
