import type { FismOptions } from "../../recommenders/dialogue/fism.js";
import { fismModel } from "../../recommenders/dialogue/fism-model.js";
import type { HistoryModel } from "../../recommenders/dialogue/history-model.js";
import type { SasRecDialogueOptions } from "../../recommenders/dialogue/sasrec.js";
import { sasRecModel } from "../../recommenders/dialogue/sasrec-model.js";

/** The classic recommenders that can stand behind the gate. */
export const CLASSICS = ["fism", "sasrec"] as const;

/** One of them with its options. */
export type Classic =
  | { readonly id: "fism"; readonly options: FismOptions }
  | { readonly id: "sasrec"; readonly options: SasRecDialogueOptions };

export function classicModel(classic: Classic): HistoryModel {
  return classic.id === "fism" ? fismModel(classic.options) : sasRecModel(classic.options);
}
