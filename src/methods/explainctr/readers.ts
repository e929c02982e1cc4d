import { Random } from "../../core/random.js";
import type { CallContext } from "../../llm/language-model.js";
import type { Fitted, RunContext } from "../../recommenders/recommender.js";
import { resolveOptions } from "../../recommenders/registry.js";
import type { CtrTraining } from "../../tasks/ctr.js";
import { BACKBONES, type TextsOf } from "./augmented.js";
import { casesOf, type ExplainedCase } from "./cases.js";
import { faithfulness } from "./faithfulness.js";
import { newest, rowsAt } from "./folds.js";
import { judgeExplanations } from "./judge.js";
import type { AugmentedOptions } from "./options.js";
import { withoutVerdict } from "./verdict-words.js";
import { trainWordJudge } from "./word-judge.js";

/**
 * Who reads explanations: the language model (`whole`), the same without the words that say the verdict (`unsaid`), or a second judge
 * who never met the language model and doesn't see these words either (`second`).
 */
export type Reading = "whole" | "unsaid" | "second";

/** Probabilities from texts and targets alone. */
type Reader = (
  cases: readonly ExplainedCase[],
  texts: readonly string[],
  context: CallContext,
) => Promise<Float64Array>;

/** Test pairs on which {@link faithfulness} is measured, most. */
const MOST_MEASURED = 400;

/** ExpCTR-LLM: explanations are read, and what their reader makes of them counts. */
export async function fitReader(
  write: TextsOf,
  reading: Reading,
  train: CtrTraining,
  options: AugmentedOptions,
  context: RunContext,
): Promise<Fitted<"ctr">> {
  const read = await readerOf(write, reading, train, options, context);
  const known = new Map<string, string>();
  const name = ({ user, item }: ExplainedCase) => `${user}/${item}`;
  return {
    async answer(cases, own) {
      const texts = await write(cases, own);
      cases.forEach((one, n) => known.set(name(one), texts[n]));
      return read(cases, texts, own);
    },
    explain: write,
    async figures(cases, own) {
      const chosen = spread(cases, MOST_MEASURED);
      const isKnown = chosen.every((one) => known.has(name(one)));
      const backbone = BACKBONES[options.backbone];
      // As the backbone's own row is trained: the stage is shared with it.
      const random = Random.fromSeed(own.seed).fork(backbone.id);
      const trained = { ...own, random };
      const network = await backbone.network(train, resolveOptions(backbone, options.training), trained);
      return faithfulness({
        items: train.items,
        cases: chosen,
        texts: isKnown ? chosen.map((one) => known.get(name(one)) ?? "") : await write(chosen, own),
        idProbabilities: await network.predict(chosen),
        shown: options.shown,
        read: (some, texts) => read(some, texts, own),
        write: (some) => write(some, own),
      });
    },
  };
}

async function readerOf(
  write: TextsOf,
  reading: Reading,
  train: CtrTraining,
  { explained }: AugmentedOptions,
  context: RunContext,
): Promise<Reader> {
  if (reading === "second") {
    const rows = rowsAt(train.rows, newest(train.rows, explained));
    const texts = await write(casesOf(train, rows), context);
    const judge = trainWordJudge(texts.map(withoutVerdict), rows.labels);
    return (_cases, some) => Promise.resolve(judge(some.map(withoutVerdict)));
  }
  const model = await context.llm();
  return (cases, texts, own) => {
    const targets = cases.map(({ item }) => item);
    const seen = reading === "unsaid" ? texts.map(withoutVerdict) : texts;
    return judgeExplanations(model, train.items, targets, seen, own);
  };
}

/** Some of a list, evenly over it. */
function spread<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, n) => list[Math.floor((n * list.length) / most)]);
}
