import { z } from "zod";
import { type ItemTable, itemText } from "../../data/dataset.js";
import { float32 } from "../../engine/run/tensor.js";
import { scoreRows } from "../../recommenders/dialogue/score-rows.js";
import type { Fitted, Recommender, RunContext } from "../../recommenders/recommender.js";
import type { ConversationCase, ConversationTraining } from "../../tasks/conversation.js";
import { adapt, type Adaptation, type Adapted, adaptedScores, gateShare } from "./adapt.js";
import type { AggregatorId } from "./aggregators.js";
import { answeredList, catalogueLists, ownTitles, roomOf, writtenLists } from "./answers.js";
import { dialoguesCut, ownRecall } from "./figures.js";
import { freeTable, readTitles } from "./item-encoder.js";
import { itemKnowledge } from "./item-knowledge.js";
import { turnsOf } from "./lessons.js";
import {
  type AdaptOptions,
  adaptOptions,
  gateClassic,
  gateOptions,
  type LessonOptions,
  linearOptions,
  listOptions,
  platformOptionsOf,
  reindexOptions,
  sasRecGateOptions,
  scaleOptions,
  tableOptions,
} from "./options.js";
import { dialoguePrompt, fitPrompts, noteCut } from "./prompts.js";
import { queryStates } from "./queries.js";
import { reindex, reindexTable } from "./reindex.js";
import { retell, type Telling } from "./retell.js";
import { allScores } from "./scores.js";

type Row<O> = Recommender<"conversation", O>;

/** What all rows have in common: they need a language model, and a run must name them. */
function row<O>(
  id: string,
  summary: string,
  options: z.ZodType<O>,
  seeded: boolean,
  fit: Row<O>["fit"],
): Row<O> {
  return { id, task: "conversation", kind: "llm", summary, options, seeded, onRequest: true, fit };
}

const promptsOf = (cases: readonly ConversationCase[]) => cases.map(({ context }) => dialoguePrompt(context));

/** The prompts of another telling. */
const retoldPrompts = (cases: readonly ConversationCase[], telling: Telling, items: ItemTable) =>
  cases.map(({ context, name }) => dialoguePrompt(retell(context, telling, name, items)));

/** Answers in one step: one state of the language model for each case, times the catalogue. */
function oneStep(
  train: ConversationTraining,
  adapted: Adapted,
  lessons: LessonOptions | undefined,
  told: Telling = "whole",
): Fitted<"conversation"> {
  const prompts = (cases: readonly ConversationCase[]) => retoldPrompts(cases, told, train.items);
  const answer: Fitted<"conversation">["answer"] = async (cases, context) =>
    adaptedScores(adapted, cases, await queryStates(prompts(cases), context), context.signal);
  return {
    answer,
    async figures(cases, context) {
      const share = gateShare(adapted.weights);
      return {
        ...(await dialoguesCut(await context.llm(), prompts(cases), 0)),
        ...(lessons && (await ownRecall(train, lessons, cases, answer, context))),
        ...(share !== undefined && { "gate-share": share }),
      };
    },
  };
}

function reindexRow(id: string, aggregator?: AggregatorId): Row<z.infer<typeof reindexOptions>> {
  const words =
    aggregator === undefined ? "an aggregator of its title's tokens" : `the aggregator ${aggregator}`;
  return row(
    id,
    `Items as single tokens by ${words}, trained on what the language model itself recommends (He et al., WSDM 2025).`,
    reindexOptions,
    true,
    async (train, options, context) => {
      const { told, ...lessons } = aggregator === undefined ? options : { ...options, aggregator };
      const { embeddings } = await reindex(train, lessons, context);
      return oneStep(train, { embeddings, weights: {} }, lessons, told);
    },
  );
}

function adaptRow<O extends AdaptOptions>(
  id: string,
  what: string,
  options: z.ZodType<O>,
  adaptation: (options: O) => Adaptation,
): Row<O> {
  return row(
    id,
    `Reindex, then adapt: ${what} (He et al., WSDM 2025).`,
    options,
    true,
    async (train, given, context) => {
      const { adapt: platform, aggregator, mask, ...rest } = given;
      const { tune } = platform;
      const learning = platformOptionsOf(platform);
      const lessons = tableOptions.strip().parse(rest);
      const reindexed = await reindex(train, { ...lessons, aggregator, mask }, context);
      const adapted = await adapt(train, reindexed, { ...adaptation(given), tune }, learning, context);
      return oneStep(train, adapted, lessons, given.told);
    },
  );
}

const table = row(
  "rta-table",
  "The same training with a free embedding for each item, which knows no title.",
  tableOptions,
  true,
  async (train, options, context) => {
    const { embeddings } = await reindexTable(train, options, context);
    return oneStep(train, { embeddings, weights: {} }, options);
  },
);

const linear = row(
  "rta-linear",
  "A linear head on the language model's state, trained on what the platform recommended.",
  linearOptions,
  true,
  async (train, options, context) => {
    const titles = await readTitles(await context.llm(), train.items.titles);
    const [, width] = titles.tokens.shape;
    const data = new Float32Array(titles.items * width);
    const blank = {
      encoder: freeTable,
      titles,
      weights: { table: float32(data, [titles.items, width]) },
      embeddings: { rows: titles.items, width, data },
      key: `zeros/${width}/${(await context.llm()).identity.hash}`,
    };
    const adapted = await adapt(train, blank, { bias: true, tune: true }, options, context);
    return oneStep(train, adapted, undefined);
  },
);

const dense = row(
  "rta-dense",
  "Cosine of the language model's mean states of the dialogue and of the item's text.",
  z.strictObject({}),
  false,
  async ({ items }, _options, context) => {
    const model = await context.llm();
    const embed = async (texts: readonly string[], own: RunContext) => {
      const fitted = await fitPrompts(
        model,
        texts.map((text) => (text === "" ? "-" : text)),
        0,
      );
      noteCut(fitted, own);
      const vectors = await model.embed(fitted.prompts, own);
      return { ...vectors, data: unitRows(vectors.data, vectors.width) };
    };
    const ofItems = await embed(
      items.keys.map((_, item) => itemText(items, item)),
      context,
    );
    const saidIn = (cases: readonly ConversationCase[]) =>
      cases.map(({ context: turns }) => turns.map(({ text }) => text).join("\n"));
    return {
      answer: async (cases, own) => allScores(await embed(saidIn(cases), own), ofItems, own.signal),
      figures: (cases) => dialoguesCut(model, saidIn(cases), 0),
    };
  },
);

const zeroShot = row(
  "rta-zero-shot",
  "The list that the language model writes, title by title matched to the catalogue.",
  z.strictObject(listOptions),
  false,
  (train, { maxNewTokens, told }) =>
    Promise.resolve({
      answer: async (cases, context) => {
        const lists = await writtenLists(
          train,
          retoldPrompts(cases, told, train.items),
          maxNewTokens,
          context,
        );
        return lists.map((list) => answeredList(list, train.items.titles));
      },
      figures: async (cases, context) => ({
        ...(await dialoguesCut(await context.llm(), retoldPrompts(cases, told, train.items), maxNewTokens)),
        ...(await itemKnowledge(train, context)),
      }),
    }),
);

const titlesOnly = row(
  "rta-zero-shot-titles",
  "The list that the language model writes where it can write nothing but titles of the catalogue, none twice.",
  z.strictObject({
    /** Titles of a list. */
    length: z.int().min(1).default(10),
  }),
  false,
  (train, { length }) =>
    Promise.resolve({
      answer: async (cases, context) =>
        (await catalogueLists(train, cases, length, context)).map((list) =>
          answeredList(list, train.items.titles),
        ),
      figures: async (cases, context) => dialoguesCut(await context.llm(), promptsOf(cases), roomOf(length)),
    }),
);

const answerPopularity = row(
  "rta-llm-popularity",
  "How often the language model recommends each item in training dialogues, the same for everyone.",
  tableOptions,
  true,
  async (train, options, context) => {
    const turns = [turnsOf(train.samples), turnsOf(train.validation)].map((some) =>
      some.slice(-options.turns),
    );
    // The same prompts as in reindexing: the stage is shared.
    const lists = await ownTitles(train, promptsOf(turns.flat()), options, context);
    const counts = new Float32Array(train.items.keys.length);
    for (const { items } of lists.slice(0, turns[0].length)) {
      for (const item of items) if (item >= 0) counts[item]++;
    }
    const answer: Fitted<"conversation">["answer"] = (cases, { signal }) =>
      scoreRows(cases, counts.length, signal, (_case, scores) => {
        scores.set(counts);
      });
    return { answer, figures: (cases, own) => ownRecall(train, options, cases, answer, own) };
  },
);

/** The gated method with its defaults, for talking to it. */
export async function fitGate(train: ConversationTraining, context: RunContext): Promise<Adapted> {
  const options = gateOptions.parse({});
  const { adapt: platform, aggregator, mask, ...rest } = options;
  const lessons = tableOptions.strip().parse(rest);
  const reindexed = await reindex(train, { ...lessons, aggregator, mask, unseen: 0 }, context);
  const adaptation = { gate: gateClassic(options), tune: platform.tune };
  return adapt(train, reindexed, adaptation, platformOptionsOf(platform), context);
}

/** Factors that decay to 1, or to 0. */
const scaled = ({ adapt: { scaleDecay } }: z.infer<typeof scaleOptions>): Adaptation =>
  scaleDecay === "zero" ? { factor: true } : { scale: true };

const untrained = ({ pretrained }: { pretrained: boolean }): Adaptation =>
  pretrained ? {} : { untrained: true };

/** Reindex-Then-Adapt, its parts and what its language model can do without it. */
export const RTA: readonly Row<never>[] = [
  zeroShot,
  titlesOnly,
  answerPopularity,
  dense,
  table,
  linear,
  reindexRow("rta-sum", "sum"),
  reindexRow("rta-weighted", "weighted"),
  reindexRow("rta-transformer", "transformer"),
  reindexRow("rta-reindex"),
  adaptRow("rta-bias", "a number for each item added", adaptOptions, () => ({ bias: true })),
  adaptRow("rta-scale", "a factor for each item", scaleOptions, scaled),
  adaptRow("rta", "a number for each item added, then a factor", scaleOptions, (options) => ({
    bias: true,
    ...scaled(options),
  })),
  adaptRow("rta-gate", "mixed with a classic on the items named", gateOptions, (options) => ({
    gate: gateClassic(options),
    ...untrained(options),
  })),
  adaptRow("rta-gate-sasrec", "mixed with SASRec on the items named", sasRecGateOptions, (options) => ({
    gate: { id: "sasrec", options: options.sasrec },
    ...untrained(options),
  })),
] as unknown as readonly Row<never>[];

/** Rows of length 1; rows of zeros stay. */
function unitRows(data: Float32Array, width: number): Float32Array {
  const unit = data.slice();
  for (let from = 0; from < data.length; from += width) {
    const part = unit.subarray(from, from + width);
    const norm = Math.sqrt(part.reduce((sum, value) => sum + value * value, 0));
    if (norm > 0) part.forEach((value, d) => (part[d] = value / norm));
  }
  return unit;
}
