import { throwIfInterrupted } from "../core/errors.js";
import { ListEvaluator } from "../metrics/ranking/list.js";
import { CaseRanker } from "../metrics/ranking/rank.js";
import type { AnsweredList, ConversationAnswers, ConversationCase } from "./conversation.js";
import type { ConversationProtocol, TargetCase } from "./conversation-protocol.js";
import { namedTitles, textMetricNames, textMetrics } from "./conversation-texts.js";
import type { Evaluation } from "./evaluation.js";
import type { EvaluationContext } from "./task.js";

/** Scores of a block are at most so many numbers (16 MiB). */
const BLOCK_SCORES = 4 * 1024 * 1024;

/**
 * What is ranked for which cases. Which of them a case belongs to depends on its target; what a recommender sees and what is
 * masked never does.
 *
 * - `new`: targets not named before; what was named before is not ranked, answers that are no item are dropped
 * - `mentioned-kept`: the same cases; what was named before stays in the ranking
 * - `outside-kept`: the same cases as new, lists in words only; answers that are no item keep their place
 * - `repeated`: targets named before; everything is ranked
 * - `all`: all cases; everything is ranked
 */
export const CONVERSATION_SETTINGS = ["new", "mentioned-kept", "outside-kept", "repeated", "all"] as const;
type Setting = (typeof CONVERSATION_SETTINGS)[number];

const METRICS = ["recall", "ndcg", "mrr"];

/**
 * Asks a recommender about all test turns, block by block, and measures every (turn, target) pair.
 * @param ks - cut-offs, ascending; lists are kept at the largest.
 * @returns metrics named `recall@10/new`, each [cases]; lists of `new`.
 * @throws DataError NOT_FINITE where a candidate's score is not finite; RangeError where a block has a wrong size.
 */
export async function evaluateConversation(
  protocol: ConversationProtocol,
  ks: readonly number[],
  answer: (cases: readonly ConversationCase[]) => Promise<ConversationAnswers>,
  { progress, signal, label }: EvaluationContext,
): Promise<Evaluation> {
  const { turns, cases, training } = protocol;
  const itemCount = training.items.keys.length;
  const casesOf = casesByTurn(protocol);
  const table = new Table(cases.length, ks);
  const measure = { scores: scoreMeasure(protocol, ks, label), lists: listMeasure(protocol, ks) };
  const blockSize = Math.max(1, Math.floor(BLOCK_SCORES / itemCount));
  const step = progress.start(`${label}: turns`, turns.length);
  for (let from = 0; from < turns.length; from += blockSize) {
    throwIfInterrupted(signal);
    const block = turns.slice(from, from + blockSize);
    const answers = await answer(block);
    const expected = answers instanceof Float32Array ? block.length * itemCount : block.length;
    if (answers.length !== expected) {
      throw new RangeError(`${label} answered ${answers.length} values for ${block.length} turns`);
    }
    block.forEach((turn, n) => {
      for (const position of casesOf[from + n]) {
        const one = cases[position];
        if (answers instanceof Float32Array) {
          measure.scores(answers.subarray(n * itemCount, (n + 1) * itemCount), turn, one, position, table);
        } else {
          measure.lists(answers[n], turn, one, position, table);
        }
      }
    });
    step.update(Math.min(turns.length, from + blockSize));
  }
  step.end();
  return {
    cases: caseNames(protocol),
    values: table.values,
    lists: { new: { k: table.depth, items: table.lists } },
  };
}

/** The growing result. */
class Table {
  readonly values: Record<string, Float64Array> = {};
  readonly depth: number;
  readonly lists: Int32Array;

  constructor(
    private readonly cases: number,
    readonly ks: readonly number[],
  ) {
    this.depth = ks[ks.length - 1];
    this.lists = new Int32Array(cases * this.depth).fill(-1);
  }

  set(name: string, position: number, value: number): void {
    (this.values[name] ??= new Float64Array(this.cases).fill(NaN))[position] = value;
  }

  /** Writes recall, NDCG and MRR of one setting. */
  record(setting: Setting, position: number, names: readonly string[], values: ArrayLike<number>): void {
    names.forEach((name, n) => {
      if (METRICS.includes(name.split("@")[0])) this.set(`${name}/${setting}`, position, values[n]);
    });
  }

  list(position: number, items: ArrayLike<number>): void {
    this.lists.set(Array.from(items).slice(0, this.depth), position * this.depth);
  }
}

type Measure<A> = (
  answer: A,
  turn: ConversationCase,
  one: TargetCase,
  position: number,
  table: Table,
) => void;

function scoreMeasure(
  { training }: ConversationProtocol,
  ks: readonly number[],
  label: string,
): Measure<Float32Array> {
  const ranker = new CaseRanker(ks);
  const { candidates } = training;
  return (row, turn, { target, repeated }, position, table) => {
    const query = { candidates, relevant: Int32Array.of(target), caseName: `${label}, ${turn.name}` };
    ranker.rank(row, query);
    for (const setting of repeated ? (["repeated", "all"] as const) : (["mentioned-kept", "all"] as const))
      table.record(setting, position, ranker.names, ranker.values);
    if (repeated) return;
    ranker.rank(row, { ...query, excluded: Int32Array.from(turn.mentioned).sort() });
    table.record("new", position, ranker.names, ranker.values);
    table.list(position, ranker.top.subarray(0, ranker.topCount));
  };
}

function listMeasure({ training }: ConversationProtocol, ks: readonly number[]): Measure<AnsweredList> {
  const evaluator = new ListEvaluator(ks);
  const { candidates, items } = training;
  const allowed = new Set(candidates);
  const textNames = textMetricNames(ks);
  return (answer, turn, { target, repeated }, position, table) => {
    const relevant = Int32Array.of(target);
    const record = (setting: Setting, list: ArrayLike<number>) => {
      table.record(setting, position, evaluator.names, evaluator.evaluate(list, relevant).values);
    };
    // A film that only seekers name is no item of the catalogue here: like anything else outside, it holds a place or none.
    const answered = Array.from(answer.items, (item) => (allowed.has(item) ? item : -1));
    const inside = answered.filter((item) => item >= 0);
    record("all", inside);
    if (repeated) {
      record("repeated", inside);
    } else {
      const named = new Set(turn.mentioned);
      const fresh = inside.filter((item) => !named.has(item));
      record("mentioned-kept", inside);
      record("new", fresh);
      record(
        "outside-kept",
        answered.filter((item) => !named.has(item)),
      );
      table.list(position, fresh);
    }
    textMetrics(answer, items.titles[target], namedTitles(turn, items.titles), ks).forEach((value, n) => {
      table.set(textNames[n], position, value);
    });
  };
}

function casesByTurn({ turns, cases }: ConversationProtocol): number[][] {
  const of: number[][] = turns.map(() => []);
  cases.forEach(({ turn }, position) => of[turn].push(position));
  return of;
}

/** `test_0#4 Deadpool_(film)`: dialogue, turn and target. */
function caseNames({ turns, cases, training }: ConversationProtocol): string[] {
  return cases.map(({ turn, target }) => `${turns[turn].name} ${training.items.keys[target]}`);
}
