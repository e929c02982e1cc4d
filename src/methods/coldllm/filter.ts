import { z } from "zod";
import { type BackboneChoice, warmBackbone } from "../../recommenders/cold-start/backbone.js";
import { columnScales, scaledAs } from "../../recommenders/cold-start/content.js";
import { Random } from "../../core/random.js";
import type { StageResult } from "../../core/stages.js";
import type { Factors } from "../../recommenders/factorisation/factors.js";
import { pairwiseOptions } from "../../recommenders/pairwise/options.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import type { TextStates } from "./embed.js";
import { sideBySide } from "./rows.js";
import type { Rows } from "../../core/safetensors.js";
import { type Tower, towerFormat, type TowerName, type TowerOptions, trainTower, mapItems } from "./tower.js";

const { epochs, patience } = pairwiseOptions;

/** How users are chosen for the judge. */
export const filterOptions = {
  filter: z
    .strictObject({
      /** Users for each cold item, K. */
      users: z.int().min(1).default(20),
      /** Which of the two spaces score: text (`semantic`), the backbone's behaviour (`collaborative`), or the sum of `both`. */
      towers: z.enum(["both", "semantic", "collaborative"]).default("both"),
      /** What the collaborative space learns by: ALDI's loss, as in the published code, or version 1's (equations 12 to 15). */
      collaborative: z.enum(["aldi", "v1"]).default("aldi"),
      /** Whether all users are scored for each item, or an index of them finds most of the best. */
      search: z.enum(["exact", "approximate"]).default("exact"),
      /** Width of the towers' hidden layers. */
      hidden: z.int().min(1).default(200),
      /** Length of the semantic space. */
      size: z.int().min(1).default(200),
      learningRate: z.number().positive().default(1e-3),
      weightDecay: z.number().min(0).default(0),
      batchSize: z.int().min(1).default(1024),
      epochs: epochs.default(50),
      patience: patience.default(5),
    })
    .prefault({}),
};

export type FilterOptions = z.infer<z.ZodObject<typeof filterOptions>>;

/** The filter's trained spaces. */
export interface Spaces {
  readonly towers: readonly { readonly name: TowerName; readonly tower: Tower }[];
  /** Towers side by side: the inner products of their rows are the scores. */
  readonly users: Rows;
  readonly items: Rows;
  /** Names them in the inputs of the stages that build on them. */
  readonly key: string;
}

/**
 * The coupled filter (version 1, equations 8 to 17): a semantic tower on text vectors and a collaborative one, a student of
 * the backbone by ALDI's loss or version 1's, map users and items into two spaces; a pair's score is the sum of its inner products in both. Stages `semantic` and
 * `collaborative` hold the mapped rows. Their numbers depend on the seed and their inputs alone, not on who asks.
 */
export async function coupledSpaces(
  train: ColdStartTraining,
  states: StageResult<TextStates>,
  { filter, ...choice }: FilterOptions & BackboneChoice,
  context: RunContext,
): Promise<Spaces> {
  const options = towerOptions(filter);
  const { collaborative } = filter;
  // The default has no name, so that runs from before there was a choice are gone on with.
  const lossOf = (name: TowerName) =>
    name === "collaborative" && collaborative !== "aldi" ? { loss: collaborative } : {};
  const content = evenColumns(states.value.items);
  const run = async (name: TowerName, usersFrom: Factors, from: readonly string[]) => {
    const { value, key } = await context.stages.run({
      name,
      version: 1,
      inputs: { from, options, seed: context.seed, data: train.hash, ...lossOf(name) },
      format: towerFormat(train),
      compute: (checkpoint) => {
        const random = Random.fromSeed(context.seed).fork(`coldllm ${name}`);
        return trainTower(
          name,
          train,
          usersFrom,
          content,
          { ...options, collaborative },
          { ...context, random },
          checkpoint,
        );
      },
    });
    return { name, tower: value, key };
  };
  const towers: Awaited<ReturnType<typeof run>>[] = [];
  if (filter.towers !== "collaborative") {
    const { size, data } = evenColumns(states.value.users);
    // The tower never reads a backbone's items.
    const text = { size, users: data, items: new Float32Array(train.items.keys.length * size) };
    towers.push(await run("semantic", text, [states.key]));
  }
  if (filter.towers !== "semantic") {
    const backbone = await warmBackbone(train, choice, context);
    towers.push(await run("collaborative", backbone.value, [states.key, backbone.key]));
  }
  return {
    towers,
    users: sideBySide(towers.map(({ tower }) => tower.users)),
    items: sideBySide(towers.map(({ tower }) => tower.items)),
    key: towers.map(({ key }) => key).join(" "),
  };
}

/**
 * Where new items lie in the filter's spaces.
 * @param states - text vectors of the items that the towers were trained with, whose columns set the scale.
 * @param fresh - text vectors of the new items.
 */
export async function spaceRows(
  { towers }: Pick<Spaces, "towers">,
  states: Rows,
  fresh: Rows,
  { filter }: FilterOptions,
): Promise<Rows> {
  const content = evenColumns(fresh, states);
  const options = towerOptions(filter);
  const mapped: Rows[] = [];
  for (const { name, tower } of towers) mapped.push(await mapItems(name, tower, content, options));
  return sideBySide(mapped);
}

/** Columns of equal weight, whatever the language model's states are like. */
function evenColumns({ size, data }: Rows, scale: Rows = { size, data }): Rows {
  return { size, data: scaledAs(data, columnScales(scale.data, size)) };
}

function towerOptions(filter: FilterOptions["filter"]): TowerOptions {
  const { hidden, size, learningRate, weightDecay, batchSize, epochs, patience } = filter;
  return { hidden, size, learningRate, weightDecay, batchSize, epochs, patience, validateEvery: 1 };
}
