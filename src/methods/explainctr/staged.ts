import { hashArrays, hashOf } from "../../core/hash.js";
import { Random } from "../../core/random.js";
import { loadedAdapter } from "../../llm/adapter/lora.js";
import type { LocalModel } from "../../llm/local/local-model.js";
import type { Fitted, RunContext } from "../../recommenders/recommender.js";
import type { CtrRows, CtrTraining } from "../../tasks/ctr.js";
import { align } from "./align.js";
import { fitAugmented, type TextsOf } from "./augmented.js";
import { explain } from "./explanations.js";
import { judgeExplanations } from "./judge.js";
import type { AlignmentOptions } from "./options.js";
import { openPolicyModel, type Policy } from "./policy.js";

/** A policy, the training rows whose labels may have rewarded it, and those that it may write explanations for. */
interface FoldPolicy {
  readonly policy: Policy;
  readonly key: string;
  readonly rewarded: Int32Array;
  readonly explained: Int32Array;
}

/** Rows of the training part by fold: two random halves that change places, or all rows in both roles. */
export function foldsOf(
  count: number,
  crossFit: boolean,
  random: Random,
): Pick<FoldPolicy, "rewarded" | "explained">[] {
  const all = Int32Array.from({ length: count }, (_, n) => n);
  if (!crossFit) return [{ rewarded: all, explained: all }];
  const order = random.permutation(count);
  const half = Math.ceil(count / 2);
  const [first, second] = [order.slice(0, half).sort(), order.slice(half).sort()];
  return [
    { rewarded: first, explained: second },
    { rewarded: second, explained: first },
  ];
}

/** Training data with some of the rows; histories still come from all of them, as prompts of test pairs do. */
function withRows(train: CtrTraining, positions: Int32Array): CtrTraining {
  return {
    ...train,
    rows: rowsAt(train.rows, positions),
    hash: hashOf([train.hash, hashArrays([positions])]),
  };
}

function rowsAt({ users, items, labels, times }: CtrRows, positions: Int32Array): CtrRows {
  return {
    users: positions.map((p) => users[p]),
    items: positions.map((p) => items[p]),
    labels: Float32Array.from(positions, (p) => labels[p]),
    times: Float64Array.from(positions, (p) => times[p]),
  };
}

/** A policy's explanations. The adapter is on while it writes, and off again for whoever reads. */
function explanationsBy(
  { policy }: Pick<FoldPolicy, "policy">,
  train: CtrTraining,
  model: LocalModel,
  options: AlignmentOptions,
): TextsOf {
  return async (cases, context) => {
    model.useAdapter(loadedAdapter(policy.adapter, "policy"));
    try {
      const { explanations } = await explain(train, cases, model, options, context);
      return explanations.map(({ text }) => text);
    } finally {
      model.useAdapter(undefined);
    }
  };
}

/** Stage 1, or all three: one policy a fold. */
async function policiesOf(
  last: "lc" | "ic",
  train: CtrTraining,
  model: LocalModel,
  options: AlignmentOptions,
  context: RunContext,
): Promise<FoldPolicy[]> {
  const random = Random.fromSeed(context.seed).fork("explainctr");
  const policies: FoldPolicy[] = [];
  for (const fold of foldsOf(train.rows.users.length, options.crossFit, random.fork("folds"))) {
    const rewarded = rowsAt(train.rows, fold.rewarded);
    const first = await align(train, rewarded, model, options, context);
    if (last === "lc") {
      policies.push({ ...fold, ...first });
      continue;
    }
    const texts = explanationsBy(first, train, model, options);
    const own = { ...context, random: random.fork("stage 2") };
    const network = await fitAugmented(withRows(train, fold.explained), model, texts, options, own);
    const { backbone, training } = options;
    const key = hashOf([first.key, hashArrays([fold.explained]), backbone, training]);
    policies.push({
      ...fold,
      ...(await align(train, rewarded, model, options, context, first, { network, key })),
    });
  }
  return policies;
}

/** What becomes of the explanations of trained policies: the reader's answer, or a field of a click-through model. */
export async function fitStaged(
  use: "reader" | "network",
  last: "lc" | "ic",
  train: CtrTraining,
  options: AlignmentOptions,
  context: RunContext,
): Promise<Fitted<"ctr">> {
  const model = await openPolicyModel(await context.llm());
  const policies = await policiesOf(last, train, model, options, context);
  return use === "reader"
    ? byReader(policies, train, model, options)
    : byNetwork(policies, train, model, options, context);
}

/** ExpCTR-LLM: the frozen reader's P(Yes) from the policies' explanations, the mean over folds. */
function byReader(
  policies: readonly FoldPolicy[],
  train: CtrTraining,
  model: LocalModel,
  options: AlignmentOptions,
): Fitted<"ctr"> {
  return {
    async answer(cases, context) {
      const targets = cases.map(({ item }) => item);
      const answers: Float64Array[] = [];
      for (const one of policies) {
        const texts = await explanationsBy(one, train, model, options)(cases, context);
        answers.push(await judgeExplanations(model, train.items, targets, texts, context));
      }
      return meanOf(answers);
    },
  };
}

/**
 * ExpCTR-Aug: the click-through model trained on all training pairs, each explained by the policy that its label did not reward. A test
 * pair is explained by each policy; the mean probability counts.
 */
async function byNetwork(
  policies: readonly FoldPolicy[],
  train: CtrTraining,
  model: LocalModel,
  options: AlignmentOptions,
  context: RunContext,
): Promise<Fitted<"ctr">> {
  const writerOf = new Map<string, FoldPolicy>();
  const name = (user: number, item: number) => `${user}/${item}`;
  for (const one of policies) {
    for (const row of one.explained) writerOf.set(name(train.rows.users[row], train.rows.items[row]), one);
  }
  // Validation pairs rewarded nobody: the first policy explains them.
  const textsOf: TextsOf = async (cases, own) => {
    const texts = new Array<string>(cases.length).fill("");
    for (const one of policies) {
      const mine = [...cases.keys()].filter(
        (n) => (writerOf.get(name(cases[n].user, cases[n].item)) ?? policies[0]) === one,
      );
      if (mine.length === 0) continue;
      const written = await explanationsBy(
        one,
        train,
        model,
        options,
      )(
        mine.map((n) => cases[n]),
        own,
      );
      mine.forEach((n, at) => (texts[n] = written[at]));
    }
    return texts;
  };
  const network = await fitAugmented(train, model, textsOf, options, context);
  return {
    async answer(cases, own) {
      const answers: Float32Array[] = [];
      for (const one of policies) {
        const texts = await explanationsBy(one, train, model, options)(cases, own);
        answers.push(await network.predict(cases, texts, own));
      }
      return meanOf(answers);
    },
  };
}

function meanOf(answers: readonly (Float32Array | Float64Array)[]): Float64Array {
  return Float64Array.from(
    answers[0],
    (_, n) => answers.reduce((sum, values) => sum + values[n], 0) / answers.length,
  );
}
