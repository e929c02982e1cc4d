import { meanOverCases } from "../metrics/aggregate.js";
import { logLosses } from "../metrics/ctr/probability.js";
import { ListEvaluator } from "../metrics/ranking/list.js";
import type { TaskId, TrainingData } from "../tasks/task.js";
import { validationCases } from "./ctr/validation-cases.js";
import { conversationNdcg } from "./dialogue/validation.js";
import type { Fitted, RunContext } from "./recommender.js";
import { validationNdcg } from "./validation.js";

/** How good a fitted recommender is on the validation part; higher is better. */
export interface Objective<T extends TaskId> {
  readonly name: string;
  of(fitted: Fitted<T>, context: RunContext): Promise<number>;
}

type Objectives = { readonly [T in TaskId]: (train: TrainingData<T>) => Objective<T> | undefined };

const LIST = 10;

/** The validation part is what the recommenders themselves stop early by: no test case can be reached from it. */
const OBJECTIVES: Objectives = {
  "cold-start": (train) => {
    // Warm and cold items together, as the task's setting overall; warm ones alone where nobody has both.
    const ndcg = validationNdcg({ ...train, scoresCold: true }) ?? validationNdcg(train);
    if (ndcg === undefined) return undefined;
    return {
      name: "validation NDCG@20",
      of: (fitted, context) => ndcg((cases) => fitted.answer(cases, context)),
    };
  },
  ctr: (train) => {
    const { labels } = train.validation;
    if (labels.length === 0) return undefined;
    const cases = validationCases(train);
    return {
      name: "negative validation log loss",
      of: async (fitted, context) =>
        -meanOverCases(logLosses(labels, await fitted.answer(cases, context))).mean,
    };
  },
  conversation: (train) => {
    const ndcg = conversationNdcg(train);
    if (ndcg === undefined) return undefined;
    return {
      name: "validation NDCG@10",
      of: (fitted, context) =>
        ndcg(async (cases) => {
          const answers = await fitted.answer(cases, context);
          if (answers instanceof Float32Array) return answers;
          throw new TypeError("lists in words have no validation metric");
        }),
    };
  },
  "controlled-list": ({ validation }) => {
    const windows = validation.toArray();
    if (windows.length === 0) return undefined;
    const evaluator = new ListEvaluator([LIST]);
    const ndcg = evaluator.names.indexOf(`ndcg@${LIST}`);
    const cases = windows.map(({ user, history, past, time }) => ({
      user,
      history,
      seen: Int32Array.from(new Set(past)).sort(),
      time,
      genres: null,
      length: LIST,
    }));
    return {
      name: "validation NDCG@10",
      of: async (fitted, context) => {
        const lists = await fitted.answer(cases, context);
        const values = lists.map((list, at) => {
          const relevant = Int32Array.from(new Set(windows[at].future)).sort();
          return evaluator.evaluate(list, relevant).values[ndcg];
        });
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      },
    };
  },
};

/** The objective of a task; undefined where there is no validation part to judge by. */
export function objectiveOf<T extends TaskId>(task: T, train: TrainingData<T>): Objective<T> | undefined {
  const make: (train: TrainingData<T>) => Objective<T> | undefined = OBJECTIVES[task];
  return make(train);
}
