import { z } from "zod";
import { aldiModel } from "../../recommenders/cold-start/aldi.js";
import { type BackboneChoice, warmBackbone } from "../../recommenders/cold-start/backbone.js";
import { standardised } from "../../recommenders/cold-start/content.js";
import { type ContentTraining, trainContentModel } from "../../recommenders/cold-start/train.js";
import { Random } from "../../core/random.js";
import type { StageResult } from "../../core/stages.js";
import { type Factors, factorsArtifact, innerProducts } from "../../recommenders/factorisation/factors.js";
import { TopK } from "../../recommenders/neighbours/top-k.js";
import { pairwiseOptions } from "../../recommenders/pairwise/options.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import type { TextStates } from "./embed.js";
import type { Candidates } from "./pairs.js";
import { rowDot, type Rows, sideBySide } from "./rows.js";
import { semanticTower } from "./semantic-tower.js";

const { epochs, patience } = pairwiseOptions;

/** How users are chosen for the judge. */
export const filterOptions = {
  filter: z
    .strictObject({
      /** Users for each cold item, K. */
      users: z.int().min(1).default(20),
      /** Which of the two spaces score: text (`semantic`), the backbone's behaviour (`collaborative`), or the sum of `both`. */
      towers: z.enum(["both", "semantic", "collaborative"]).default("both"),
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

/** ALDI's weights by its authors' benchmark (alpha, beta, gamma). */
const ALDI = { alpha: 0.9, beta: 0.05, gamma: 0.1 };

/** Users scored at once. */
const BLOCK = 512;

/**
 * The coupled filter (version 1, equations 8 to 17): a semantic tower on text vectors and a collaborative one, ALDI's student of
 * the backbone, map users and items into two spaces; a pair's score is the sum of its inner products in both. Stages `semantic` and
 * `collaborative` hold the mapped rows.
 * @returns tables of users and items whose inner products are the scores, and what names them.
 */
export async function coupledSpaces(
  train: ColdStartTraining,
  states: StageResult<TextStates>,
  { filter, ...choice }: FilterOptions & BackboneChoice,
  context: RunContext,
): Promise<{ users: Rows; items: Rows; key: string }> {
  const { towers, ...settings } = filter;
  const options = { ...settings, validateEvery: 1 };
  // Columns of equal weight, whatever the language model's states are like.
  const even = ({ size, data }: Rows): Rows => ({ size, data: standardised(data, size) });
  const users = even(states.value.users);
  const items = even(states.value.items);
  const spaces: StageResult<Factors>[] = [];
  if (towers !== "collaborative") {
    spaces.push(
      await tower("semantic", train, [states.key], options, context, (random, checkpoint) => {
        const text = {
          size: users.size,
          users: users.data,
          items: new Float32Array(train.items.keys.length * users.size),
        };
        return trainContentModel(
          "coldllm: semantic tower",
          semanticTower,
          train,
          text,
          items,
          options,
          { ...context, random },
          checkpoint,
        );
      }),
    );
  }
  if (towers !== "semantic") {
    const backbone = await warmBackbone(train, choice as BackboneChoice, context);
    spaces.push(
      await tower(
        "collaborative",
        train,
        [states.key, backbone.key],
        options,
        context,
        async (random, checkpoint) => {
          const settingsOfAldi = { ...options, ...ALDI };
          const both = await trainContentModel(
            "coldllm: collaborative tower",
            aldiModel,
            train,
            backbone.value,
            items,
            settingsOfAldi,
            { ...context, random },
            checkpoint,
          );
          return studentOf(both);
        },
      ),
    );
  }
  return {
    users: sideBySide(spaces.map(({ value }) => ({ size: value.size, data: value.users }))),
    items: sideBySide(spaces.map(({ value }) => ({ size: value.size, data: value.items }))),
    key: spaces.map(({ key }) => key).join(" "),
  };
}

type TowerOptions = ContentTraining & { readonly hidden: number; readonly size: number };

/** A tower's rows, kept; its numbers depend on the seed and its inputs alone, not on who asks. */
function tower(
  name: "semantic" | "collaborative",
  train: ColdStartTraining,
  from: readonly string[],
  options: TowerOptions,
  context: RunContext,
  fit: (random: Random, checkpoint: string) => Promise<Factors>,
): Promise<StageResult<Factors>> {
  return context.stages.run({
    name,
    version: 1,
    inputs: { from, options, seed: context.seed, data: train.hash },
    format: factorsArtifact(train.users.keys.length, train.items.keys.length, "embeddings"),
    compute: (checkpoint) => fit(Random.fromSeed(context.seed).fork(`coldllm ${name}`), checkpoint),
  });
}

/** The student's half of ALDI's embeddings: mapped users, and mapped items where those are cold. */
function studentOf({ size, users, items }: Factors): Factors {
  const half = size / 2;
  const second = (rows: Float32Array) => {
    const out = new Float32Array(rows.length / 2);
    for (let row = 0; row * size < rows.length; row++) {
      out.set(rows.subarray(row * size + half, (row + 1) * size), row * half);
    }
    return out;
  };
  return { size: half, users: second(users), items: second(items) };
}

/**
 * The users of highest score for each item (all scores are computed), best first; of equals the lower number.
 * @param wanted - the items.
 * @param eligible - the users who may be chosen, ascending.
 */
export async function topUsers(
  { users, items }: { readonly users: Rows; readonly items: Rows },
  wanted: Int32Array,
  eligible: Int32Array,
  count: number,
  signal: AbortSignal,
): Promise<Candidates> {
  const { size } = items;
  const few = new Float32Array(wanted.length * size);
  wanted.forEach((item, row) => {
    few.set(items.data.subarray(item * size, (item + 1) * size), row * size);
  });
  const best = Array.from(wanted, () => new TopK(count));
  if (wanted.length > 0) {
    for (let from = 0; from < eligible.length; from += BLOCK) {
      const block = Array.from(eligible.subarray(from, from + BLOCK), (user) => ({ user }));
      const scores = await innerProducts({ size, users: users.data, items: few }, block, signal);
      block.forEach(({ user }, row) => {
        best.forEach((heap, column) => {
          heap.push(user, scores[row * wanted.length + column]);
        });
      });
    }
  }
  const chosen = Array.from(wanted, (item, at) => {
    const kept = Array.from(best[at].kept(), (user) => ({
      user,
      item,
      score: rowDot(users, user, items, item),
    }));
    return kept.sort((a, b) => b.score - a.score || a.user - b.user);
  }).flat();
  return {
    users: Int32Array.from(chosen, ({ user }) => user),
    items: Int32Array.from(chosen, ({ item }) => item),
    scores: Float32Array.from(chosen, ({ score }) => score),
  };
}
