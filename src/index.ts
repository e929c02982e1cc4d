/**
 * What a plugin may build on (docs/plugins.md). Everything else in this package may change without notice.
 */
export { z } from "zod";
export { DataError, ProviderError, UsageError } from "./core/errors.js";
export { Random } from "./core/random.js";
export { jsonArtifact, type ArtifactFormat } from "./core/stages.js";
export { csrFromPairs, rowIndices, transposeCsr, type Csr } from "./data/csr.js";
export { itemText, type Dataset, type ItemTable } from "./data/dataset.js";
export { makeDataset, type RawInteraction, type RawItem } from "./data/make-dataset.js";
export {
  definePlugin,
  type MeasuredList,
  type Plugin,
  type PluginDataset,
  type PluginDatasetOptions,
  type PluginMetric,
} from "./experiment/plugins/plugin.js";
export type { LanguageModel } from "./llm/language-model.js";
export type {
  CountedFigure,
  Figures,
  Fitted,
  Recommender,
  RecommenderKind,
  RunContext,
} from "./recommenders/recommender.js";
export type { ColdStartCase, ColdStartTraining, ScoreBlock } from "./tasks/cold-start.js";
export type {
  ControlledListAnswers,
  ControlledListCase,
  ControlledListTraining,
} from "./tasks/controlled-list.js";
export type { ConversationAnswers, ConversationCase, ConversationTraining } from "./tasks/conversation.js";
export type { CtrAnswers, CtrCase, CtrTraining } from "./tasks/ctr.js";
export type { Answers, Case, TaskId, TrainingData } from "./tasks/task.js";
