import { Pace } from "../../core/pace.js";
import { transposeCsr } from "../../data/csr.js";
import { program } from "../../engine/run/program.js";
import { float32, type Tensor } from "../../engine/run/tensor.js";
import { fit } from "../../engine/train/fit.js";
import { adam } from "../../engine/train/optimizer.js";
import { createTrainer } from "../../engine/train/trainer.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import type { Arrays, Parameters } from "../ctr/model.js";
import { type Factors, innerProducts } from "../factorisation/factors.js";
import type { TrainingContext } from "../pairwise/options.js";
import { pairSampler } from "../sampling/negatives.js";
import { validationNdcg } from "../validation.js";
import type { ItemContent } from "./content.js";
import type { ContentModel, Tables, TableTensors } from "./model.js";

/** How a content model is trained. */
export interface ContentTraining {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly validateEvery: number;
  readonly patience: number;
}

/** The tables of a model: the backbone's embeddings, the content, and which items are warm. */
export function tablesOf(
  { matrix }: Pick<ColdStartTraining, "matrix">,
  { size, users, items }: Factors,
  content: ItemContent,
): TableTensors {
  const warm = new Float32Array(matrix.columns);
  for (const item of matrix.indices) warm[item] = 1;
  return {
    users: float32(users, [matrix.rows, size]),
    items: float32(items, [matrix.columns, size]),
    content: float32(content.data, [matrix.columns, content.size]),
    warm: float32(warm, [matrix.columns, 1]),
  };
}

/** Embeddings of all users and items under given parameters. */
export function embedderOf<O extends object>(model: ContentModel<O>, tables: TableTensors, options: O) {
  const forward = program(({ parameters, fixed }: { parameters: Arrays; fixed: Tables }) =>
    model.embed(parameters, fixed, options),
  );
  return {
    async embed(parameters: Parameters): Promise<Factors> {
      const { users, items } = await forward.run({ parameters, fixed: tables });
      return {
        size: users.shape[1],
        users: users.data as Float32Array,
        items: items.data as Float32Array,
      };
    },
    release: () => forward.release(),
  };
}

/** What training a content model gives. */
export interface TrainedContent {
  /** Embeddings of the data's users and items. */
  readonly embeddings: Factors;
  /** What was trained, for {@link embedderOf} of other items. */
  readonly parameters: Parameters;
}

/**
 * Adam until the validation NDCG@20 over warm and cold items together ({@link validationNdcg}) stands still.
 * @returns the best epoch's model, or the last one's without validation pairs.
 */
export async function trainContentModel<O extends ContentTraining>(
  label: string,
  model: ContentModel<O>,
  data: ColdStartTraining,
  backbone: Factors,
  content: ItemContent,
  options: O,
  { random, progress, signal }: TrainingContext,
  checkpoint?: string,
): Promise<TrainedContent> {
  const tables = tablesOf(data, backbone, content);
  const widths = { factors: backbone.size, content: content.size };
  const { matrix } = data;
  const usersOf = transposeCsr(matrix);
  const source = { sampler: pairSampler(matrix), byItem: pairSampler(usersOf), usersOf, matrix };
  const examples = model.examples(source);
  const trainer = createTrainer({
    name: label,
    parameters: model.parameters(widths, options, random.fork("init"), tables),
    optimizer: adam({ learningRate: options.learningRate, weightDecay: options.weightDecay }),
    fixed: tables,
    loss: (parameters: Arrays, batch: Arrays, fixed: Tables) => model.loss(parameters, batch, fixed, options),
  });
  const embedder = embedderOf(model, tables, options);
  const ndcg = validationNdcg({ ...data, scoresCold: true });
  // The signal is left to fit(), which writes a checkpoint before it stops.
  const pace = new Pace(new AbortController().signal);
  const trained = async (): Promise<TrainedContent> => {
    const { parameters } = trainer;
    return { parameters, embeddings: await embedder.embed(parameters) };
  };
  try {
    if (examples === 0) return await trained();
    const report = await fit(trainer, {
      label,
      epochs: options.epochs,
      examples,
      batchSize: options.batchSize,
      random: random.fork("training"),
      progress,
      signal,
      batch: async (chosen, own): Promise<Record<string, Tensor>> => {
        if (pace.due()) await pace.breathe();
        return model.batch(chosen, source, options, own);
      },
      validation: ndcg && {
        metric: async () => {
          const embeddings = await embedder.embed(trainer.parameters);
          return ndcg((users) => innerProducts(embeddings, users, signal));
        },
        every: options.validateEvery,
        patience: options.patience,
      },
      checkpoint: checkpoint === undefined ? undefined : { folder: checkpoint, spacing: 30 },
    });
    if (report.best !== null) {
      const { epoch, metric } = report.best;
      progress.note(
        `${label}: validation NDCG@20 ${metric.toFixed(4)} at epoch ${epoch} of ${report.epochs.length} ` +
          `(${report.stoppedEarly ? "stopped early" : "all epochs"})`,
      );
    }
    return await trained();
  } finally {
    await trainer.release();
    await embedder.release();
  }
}
