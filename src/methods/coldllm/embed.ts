import { z } from "zod";
import { readSafetensors, type Rows, rowsOf, writeSafetensors } from "../../core/safetensors.js";
import type { ArtifactFormat, StageResult } from "../../core/stages.js";
import type { LoraAdapter } from "../../llm/adapter/lora.js";
import type { LanguageModel } from "../../llm/language-model.js";
import { itemContent } from "../../recommenders/cold-start/content.js";
import type { ItemTable } from "../../data/dataset.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import { preferenceText } from "../prompts/judgement.js";
import { fitter, type Preference, wordedHistories } from "./history.js";
import { itemInWords, itemsWithWords } from "../../data/items-in-words.js";
import type { SimulatorOptions } from "./simulator.js";
import { withAdapter } from "../../llm/local/with-adapter.js";

/** Where vectors of item and user text come from. */
export const embedOptions = {
  embed: z
    .strictObject({
      /** `llm`: the mean of the language model's last states; `words`: TF-IDF and a singular value decomposition, which needs no model. */
      from: z.enum(["llm", "words"]).default("llm"),
      /** The most items of a user's text: the first in the data. */
      history: z.int().min(1).default(20),
      /** Length of the vectors of `words`. */
      size: z.int().min(1).default(300),
    })
    .prefault({}),
};

export type EmbedOptions = z.infer<z.ZodObject<typeof embedOptions>>;

/** Vectors of the text of users [users, size] and of items [items, size]; zeros where there are no words. */
export interface TextStates {
  readonly users: Rows;
  readonly items: Rows;
}

/**
 * The stage `embed` (version 1, equation 7): item text as prompts name it, and a user's text, the user's first training items.
 * @param tuned - the judge's adapter, which is used here as well.
 */
export async function textStates(
  train: ColdStartTraining,
  options: EmbedOptions & SimulatorOptions,
  tuned: StageResult<LoraAdapter> | undefined,
  context: RunContext,
): Promise<StageResult<TextStates>> {
  const { embed, preference } = options;
  if (embed.from === "words") return wordStates(train, embed.size, context);
  const model = await context.llm();
  return context.stages.run({
    name: "embed",
    version: 1,
    inputs: {
      model: model.identity.hash,
      adapter: tuned?.key ?? null,
      history: embed.history,
      preference,
      data: train.hash,
    },
    format: statesFormat(train),
    compute: () =>
      withAdapter(model, tuned?.value, "judge", () =>
        embedAll(train, model, { history: embed.history, preference }, context),
      ),
  });
}

async function embedAll(
  train: ColdStartTraining,
  model: LanguageModel,
  { history, preference }: { readonly history: number; readonly preference: Preference },
  context: RunContext,
): Promise<TextStates> {
  const { items } = train;
  const words = itemsWithWords(items);
  const itemTexts = items.keys.map((_, item) => (words[item] === 1 ? itemInWords(items, item) : ""));
  const fit = await fitter(model, 0);
  const textOf = (list: Int32Array) => preferenceText(Array.from(list, (item) => itemTexts[item]));
  const userTexts = wordedHistories(train, preference).map((list) => {
    const part = fit(list.subarray(0, history), textOf);
    return part.length === 0 ? "" : textOf(part);
  });
  return {
    users: await embedTexts(userTexts, model, context),
    items: await embedTexts(itemTexts, model, context),
  };
}

/** Vectors of items that no stage holds, in the same words: [items, size]. */
export function embedItems(items: ItemTable, model: LanguageModel, context: RunContext): Promise<Rows> {
  return embedTexts(
    items.keys.map((_, item) => itemInWords(items, item)),
    model,
    context,
  );
}

async function embedTexts(
  texts: readonly string[],
  model: LanguageModel,
  context: RunContext,
): Promise<Rows> {
  const told = Int32Array.from(texts.keys()).filter((at) => texts[at] !== "");
  const vectors = await model.embed(
    Array.from(told, (at) => texts[at]),
    context,
  );
  const size = vectors.width;
  const data = new Float32Array(texts.length * size);
  told.forEach((at, row) => {
    data.set(vectors.data.subarray(row * size, (row + 1) * size), at * size);
  });
  return { size, data };
}

/** Vectors without a language model: an item's content, and the mean of a user's items. */
async function wordStates(
  train: ColdStartTraining,
  contentSize: number,
  context: RunContext,
): Promise<StageResult<TextStates>> {
  const { content, key } = await itemContent(train, { content: "words", contentSize }, context);
  const { matrix } = train;
  const data = new Float32Array(matrix.rows * content.size);
  for (let user = 0; user < matrix.rows; user++) {
    const count = matrix.offsets[user + 1] - matrix.offsets[user];
    for (let at = matrix.offsets[user]; at < matrix.offsets[user + 1]; at++) {
      const from = matrix.indices[at] * content.size;
      for (let d = 0; d < content.size; d++) data[user * content.size + d] += content.data[from + d] / count;
    }
  }
  return { value: { users: { size: content.size, data }, items: content }, key, path: "" };
}

/** Float32 tensors `user_states` [users, size] and `item_states` [items, size]. @throws DataError BAD_STATES. */
function statesFormat({
  users,
  items,
}: Pick<ColdStartTraining, "users" | "items">): ArtifactFormat<TextStates> {
  const rows = { user_states: users.keys.length, item_states: items.keys.length };
  return {
    file: "states.safetensors",
    write: (path, states) =>
      writeSafetensors(path, {
        user_states: { shape: [rows.user_states, states.users.size], data: states.users.data },
        item_states: { shape: [rows.item_states, states.items.size], data: states.items.data },
      }),
    async read(path) {
      const tensors = await readSafetensors(path);
      const take = (name: keyof typeof rows) =>
        rowsOf(tensors, name, rows[name], { code: "BAD_STATES", file: path });
      return { users: take("user_states"), items: take("item_states") };
    },
  };
}
