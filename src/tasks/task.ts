import type { ColdStartCase, ColdStartTraining, ScoreBlock } from "./cold-start.js";

/** What each task hands to a recommender and wants back. Later tasks add their entry here. */
export interface TaskTypes {
  "cold-start": { training: ColdStartTraining; case: ColdStartCase; answers: ScoreBlock };
}

export type TaskId = keyof TaskTypes;
export type TrainingData<T extends TaskId> = TaskTypes[T]["training"];
export type Case<T extends TaskId> = TaskTypes[T]["case"];
export type Answers<T extends TaskId> = TaskTypes[T]["answers"];
