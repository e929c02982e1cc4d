import { COLDLLM_ARMS, coldLlm } from "../methods/coldllm/coldllm.js";
import { dlcrec, DLCREC_ARMS } from "../methods/dlcrec/dlcrec.js";
import { EXPLAINCTR } from "../methods/explainctr/rows.js";
import type { Recommender } from "../recommenders/recommender.js";
import { RECOMMENDERS } from "../recommenders/registry.js";
import type { TaskId } from "../tasks/task.js";

/** The papers' methods, which stand on the recommenders. */
const METHODS: readonly Recommender<TaskId>[] = [
  coldLlm,
  ...COLDLLM_ARMS,
  ...EXPLAINCTR,
  dlcrec,
  ...DLCREC_ARMS,
];

/** Everyone who can take part in a run, in the order in which tables show them. */
export const ALL_RECOMMENDERS: readonly Recommender<TaskId>[] = [...RECOMMENDERS, ...METHODS];
