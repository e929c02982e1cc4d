import { Pace } from "../../core/pace.js";
import type { Fitted, RunContext } from "../recommender.js";
import type { AnsweredList, ConversationCase } from "../../tasks/conversation.js";
import type { ColdStartCase } from "../../tasks/cold-start.js";
import { addListRanks, addReciprocalRanks, addStandardised, weightings } from "./combine.js";

/** Scores [cases, items] of some cases, row-major. */
export type ScoreCases<C> = (cases: readonly C[]) => Promise<Float32Array>;

/** What a member of a hybrid says to a block of cases: a score for every item. */
type Member<C> = (cases: readonly C[], context: RunContext) => Promise<Float32Array>;

/** The members of a hybrid of the task `cold-start`. */
export function coldStartMembers(fitted: readonly Fitted<"cold-start">[]): Member<ColdStartCase>[] {
  return fitted.map((one) => (cases, context) => one.answer(cases, context));
}

/** The members of a hybrid of the task `conversation`; a list counts by the reciprocal ranks of its items. */
export function conversationMembers(
  fitted: readonly Fitted<"conversation">[],
  items: number,
): Member<ConversationCase>[] {
  return fitted.map((one) => async (cases, context) => {
    const answers = await one.answer(cases, context);
    if (answers instanceof Float32Array) return answers;
    const scores = new Float32Array(cases.length * items);
    answers.forEach((list: AnsweredList, row) => {
      addListRanks(scores.subarray(row * items, (row + 1) * items), list.items);
    });
    return scores;
  });
}

/** The sum of the members' reciprocal ranks. */
export function fuse<C>(members: readonly Member<C>[], items: number): Member<C> {
  return (cases, context) =>
    combined(members, items, cases, context, (sums, row) => {
      addReciprocalRanks(sums, row);
    });
}

/** The weighted sum of the members' standardised scores. */
function blend<C>(members: readonly Member<C>[], items: number, weights: readonly number[]): Member<C> {
  return (cases, context) =>
    combined(members, items, cases, context, (sums, row, member) => {
      addStandardised(sums, row, weights[member]);
    });
}

/**
 * The blend whose weights have the best validation metric; equal weights where there is nothing to choose by.
 * @param metric - of scores on the validation cases, higher is better; it asks for them block by block.
 */
export async function tunedBlend<C>(
  label: string,
  members: readonly Member<C>[],
  items: number,
  metric: ((score: ScoreCases<C>) => Promise<number>) | undefined,
  context: RunContext,
): Promise<Member<C>> {
  const choices = weightings(members.length);
  if (metric === undefined) return blend(members, items, choices[0]);
  // All weightings go through the validation cases in step, so a block is asked of the members once.
  const asked = members.map((member) => rememberLast(member));
  const metrics = await Promise.all(
    choices.map((weights) => metric((cases) => blend(asked, items, weights)(cases, context))),
  );
  const best = metrics.reduce((found, value, at) => (value > metrics[found] ? at : found), 0);
  context.progress.note(
    `${label}: the weights ${choices[best].join(", ")} are best on validation, ${metrics[best].toFixed(4)}`,
  );
  return blend(members, items, choices[best]);
}

async function combined<C>(
  members: readonly Member<C>[],
  items: number,
  cases: readonly C[],
  context: RunContext,
  add: (sums: Float64Array, row: Float32Array, member: number) => void,
): Promise<Float32Array> {
  const answers: Float32Array[] = [];
  for (const member of members) answers.push(await member(cases, context));
  const scores = new Float32Array(cases.length * items);
  const sums = new Float64Array(items);
  const pace = new Pace(context.signal);
  for (let row = 0; row < cases.length; row++) {
    sums.fill(0);
    answers.forEach((block, member) => {
      add(sums, block.subarray(row * items, (row + 1) * items), member);
    });
    scores.set(sums, row * items);
    if (pace.due()) await pace.breathe();
  }
  return scores;
}

/** A member that is asked the same block again answers from memory; the next block replaces it. */
function rememberLast<C>(member: Member<C>): Member<C> {
  let last: { first: C; count: number; answer: Promise<Float32Array> } | undefined;
  return (cases, context) => {
    if (cases.length === 0) return member(cases, context);
    if (last?.first !== cases[0] || last.count !== cases.length) {
      last = { first: cases[0], count: cases.length, answer: member(cases, context) };
    }
    return last.answer;
  };
}
