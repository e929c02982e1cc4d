import { readSafetensors, type Rows, rowsOf, writeSafetensors } from "../../core/safetensors.js";
import type { ArtifactFormat } from "../../core/stages.js";
import { float32 } from "../../engine/run/tensor.js";
import { type AldiOptions, aldiModel } from "../../recommenders/cold-start/aldi.js";
import type { ContentModel } from "../../recommenders/cold-start/model.js";
import { type ContentTraining, embedderOf, trainContentModel } from "../../recommenders/cold-start/train.js";
import type { Parameters } from "../../recommenders/ctr/model.js";
import type { Factors } from "../../recommenders/factorisation/factors.js";
import type { TrainingContext } from "../../recommenders/pairwise/options.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { semanticTower, type SemanticTowerOptions } from "./semantic-tower.js";
import { v1Tower, type V1TowerOptions } from "./v1-tower.js";

/** Which of the filter's two spaces. */
export type TowerName = "semantic" | "collaborative";

/** One space of the filter: where users and items lie in it, and how more items get there. */
export interface Tower {
  /** [users, size] */
  readonly users: Rows;
  /** [items, size] */
  readonly items: Rows;
  readonly parameters: Parameters;
}

export type TowerOptions = ContentTraining & SemanticTowerOptions;

/** What the collaborative tower learns by: ALDI's loss, as in the published code, or version 1's. */
export type CollaborativeLoss = "aldi" | "v1";

/** ALDI's weights by its authors' benchmark. */
const ALDI = { alpha: 0.9, beta: 0.05, gamma: 0.1 };

/** The paper gives no weights for version 1's loss: those that ALDI has for the same two parts. */
const V1 = { alpha: ALDI.gamma, beta: ALDI.beta };

/**
 * Trains one space.
 * @param users - what the tower maps users from: their text vectors (`semantic`), the backbone's embeddings (`collaborative`).
 * @param content - text vectors of items, standardised.
 */
export async function trainTower(
  name: TowerName,
  train: ColdStartTraining,
  users: Factors,
  content: Rows,
  { collaborative, ...options }: TowerOptions & { readonly collaborative: CollaborativeLoss },
  context: TrainingContext,
  checkpoint: string,
): Promise<Tower> {
  const label = `coldllm: ${name} tower`;
  const trained = <O extends ContentTraining>(model: ContentModel<O>, own: O) =>
    trainContentModel(label, model, train, users, content, own, context, checkpoint);
  const { embeddings, parameters } = await (name === "semantic"
    ? trained(semanticTower as ContentModel<TowerOptions>, options)
    : collaborative === "v1"
      ? trained(v1Tower as ContentModel<TowerOptions & V1TowerOptions>, { ...options, ...V1 })
      : trained(aldiModel as ContentModel<TowerOptions & AldiOptions>, { ...options, ...ALDI }));
  return { ...spaceOf(name, embeddings), parameters };
}

/** Where items with these text vectors lie, warm or not: [items, size]. */
export async function mapItems(
  name: TowerName,
  { parameters }: Pick<Tower, "parameters">,
  content: Rows,
  options: TowerOptions,
): Promise<Rows> {
  const count = content.data.length / content.size;
  const [factors] = parameters["userHidden.weight"].shape;
  const blank = (rows: number, size: number) => float32(new Float32Array(rows * size), [rows, size]);
  const tables = {
    users: blank(1, factors),
    items: blank(count, factors),
    content: float32(content.data, [count, content.size]),
    warm: blank(count, 1),
  };
  const embed = async <O extends object>(model: ContentModel<O>, own: O): Promise<Rows> => {
    const embedder = embedderOf(model, tables, own);
    try {
      return spaceOf(name, await embedder.embed(parameters)).items;
    } finally {
      await embedder.release();
    }
  };
  return name === "semantic" ? embed(semanticTower, options) : embed(aldiModel, { ...options, ...ALDI });
}

/** ALDI puts the backbone's own space, in which cold items are zero, before the student's: that is left out. */
function spaceOf(name: TowerName, { size, users, items }: Factors): Pick<Tower, "users" | "items"> {
  if (name === "semantic") return { users: { size, data: users }, items: { size, data: items } };
  const half = size / 2;
  const second = (rows: Float32Array): Rows => {
    const data = new Float32Array(rows.length / 2);
    for (let row = 0; row * size < rows.length; row++) {
      data.set(rows.subarray(row * size + half, (row + 1) * size), row * half);
    }
    return { size: half, data };
  };
  return { users: second(users), items: second(items) };
}

const PARAMETER = "parameter.";

/** Float32 tensors `user_embeddings` [users, size], `item_embeddings` [items, size] and `parameter.NAME`. @throws DataError BAD_TOWER. */
export function towerFormat({
  users,
  items,
}: Pick<ColdStartTraining, "users" | "items">): ArtifactFormat<Tower> {
  const rows = { user_embeddings: users.keys.length, item_embeddings: items.keys.length };
  return {
    file: "tower.safetensors",
    write: (path, tower) =>
      writeSafetensors(path, {
        user_embeddings: { shape: [rows.user_embeddings, tower.users.size], data: tower.users.data },
        item_embeddings: { shape: [rows.item_embeddings, tower.items.size], data: tower.items.data },
        ...Object.fromEntries(
          Object.entries(tower.parameters).map(([name, tensor]) => [PARAMETER + name, tensor]),
        ),
      }),
    async read(path) {
      const tensors = await readSafetensors(path);
      const take = (name: keyof typeof rows) =>
        rowsOf(tensors, name, rows[name], { code: "BAD_TOWER", file: path });
      const parameters = Object.fromEntries(
        Object.entries(tensors)
          .filter(([name]) => name.startsWith(PARAMETER))
          .map(([name, { shape, data }]) => [
            name.slice(PARAMETER.length),
            float32(data as Float32Array, [...shape]),
          ]),
      );
      return { users: take("user_embeddings"), items: take("item_embeddings"), parameters };
    },
  };
}
