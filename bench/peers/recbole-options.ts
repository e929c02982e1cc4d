import type { TheirFields } from "./recbole.js";

/** Our models that RecBole has, too. */
export const MODELS = {
  "bpr-mf": { task: "cold-start", theirs: "BPR" },
  lightgcn: { task: "cold-start", theirs: "LightGCN" },
  sasrec: { task: "controlled-list", theirs: "SASRec" },
  deepfm: { task: "ctr", theirs: "DeepFM" },
} as const;

export type ModelId = keyof typeof MODELS;

/** RecBole's own defaults under our names, for each model. */
export const DEFAULTS: Readonly<Record<ModelId, Readonly<Record<string, unknown>>>> = {
  "bpr-mf": { embeddingSize: 64, learningRate: 0.001, batchSize: 2048 },
  lightgcn: { embeddingSize: 64, learningRate: 0.001, batchSize: 2048, layers: 2, regularization: 1e-5 },
  sasrec: {
    ...{ embedding: 64, learningRate: 0.001, batchSize: 2048 },
    ...{ layers: 2, heads: 2, inner: 256, dropout: 0.5 },
  },
  deepfm: {
    ...{ embedding: 10, learningRate: 0.001, batchSize: 2048 },
    ...{ hidden: [128, 128, 128], dropout: 0.2, l2: 0 },
  },
};

/**
 * Our options under RecBole's names. Its early stopping watches what ours watches: NDCG@20 of pairs, NDCG@10 of
 * sequences.
 * @param history - most items of a sequence.
 */
export function theirOptions(
  model: ModelId,
  given: Readonly<Record<string, unknown>>,
  history: number,
  fields: TheirFields,
): Record<string, unknown> {
  const shared = {
    epochs: given.epochs,
    // It stops after one more.
    stopping_step: Number(given.patience) - 1,
    learning_rate: given.learningRate,
    train_batch_size: given.batchSize,
  };
  const ranking = { ...shared, topk: [10, 20], metrics: ["NDCG", "Recall"] };
  switch (model) {
    case "bpr-mf":
    case "lightgcn":
      return {
        ...ranking,
        valid_metric: "NDCG@20",
        load_col: { inter: ["user_id", "item_id"] },
        eval_batch_size: 256 * 1682,
        embedding_size: given.embeddingSize,
        n_layers: given.layers,
        reg_weight: given.regularization,
        // The papers' penalty, the squared length; the default is the length.
        require_pow: true,
      };
    case "sasrec":
      return {
        ...ranking,
        valid_metric: "NDCG@10",
        load_col: { inter: ["user_id", "item_id", "timestamp"] },
        eval_args: { split: { LS: "valid_and_test" }, order: "TO", mode: "full" },
        MAX_ITEM_LIST_LENGTH: history,
        train_neg_sample_args: null,
        hidden_size: given.embedding,
        inner_size: given.inner,
        n_layers: given.layers,
        n_heads: given.heads,
        hidden_dropout_prob: given.dropout,
        attn_dropout_prob: given.dropout,
        eval_batch_size: 256,
      };
    case "deepfm":
      return {
        ...shared,
        metrics: ["AUC", "LogLoss"],
        valid_metric: "AUC",
        load_col: {
          inter: ["user_id", "item_id", "label"],
          ...(fields.user.length > 0 && { user: ["user_id", ...fields.user] }),
          item: ["item_id", ...fields.item],
        },
        LABEL_FIELD: "label",
        eval_args: { split: { RS: [0.8, 0.1, 0.1] }, order: "RO", group_by: null, mode: "labeled" },
        train_neg_sample_args: null,
        embedding_size: given.embedding,
        mlp_hidden_size: given.hidden,
        dropout_prob: given.dropout,
      };
  }
}
