import { throwIfInterrupted } from "../core/errors.js";
import { dlcrecDiversity, dlcrecHitRate, dlcrecNdcg } from "../metrics/compat/dlcrec.js";
import { controlError, setError, slotError } from "../metrics/lists/control.js";
import { ListEvaluator } from "../metrics/ranking/list.js";
import {
  type ControlledListAnswers,
  type ControlledListCase,
  controlGenres,
  genresAt as genresOf,
  type GenreWish,
  type ListPlan,
  type ListReading,
} from "./controlled-list.js";
import type { ControlledListProtocol } from "./controlled-list-protocol.js";
import type { Evaluation } from "./evaluation.js";
import type { EvaluationContext } from "./task.js";
import type { Window } from "./windows.js";

/** A scorer's block is at most so many numbers (64 MiB). */
const BLOCK_SCORES = 16 * 1024 * 1024;

/** What is asked of every case. */
export interface Setting {
  readonly wish: GenreWish | null;
  /** The end of the names of its metrics: none without a wish, `/n=5` for 5 genres, `/n=Drama+Comedy` for exactly those. */
  readonly suffix: string;
  /** The name of its lists. */
  readonly lists: string;
}

/** A list without a wish, then one for each wish. @param names - of the genres. */
export function settingsOf(wishes: readonly GenreWish[], names: readonly string[]): readonly Setting[] {
  const settings = wishes.map((wish): Setting => {
    const name = typeof wish === "number" ? wish : Array.from(wish, (genre) => names[genre]).join("+");
    return { wish, suffix: `/n=${name}`, lists: `n=${name}` };
  });
  return [{ wish: null, suffix: "", lists: "free" }, ...settings];
}

/** The test windows as they are put to a recommender. */
export function casesOf(
  test: readonly Window[],
  genres: GenreWish | null,
  length: number,
): ControlledListCase[] {
  return test.map(({ user, history, past, time }) => ({
    user,
    history,
    seen: Int32Array.from(new Set(past)).sort(),
    time,
    genres,
    length,
  }));
}

/**
 * Asks a recommender for a list for every case, in every setting, block by block.
 * @param ks - cut-offs, ascending; lists are as long as the largest.
 * @returns the ranking metrics, `cov@k` (different genres), `repeats@k`, with a wish `control-error@k`, and DLCRec's own
 * `dlcrec-ndcg@k`, `dlcrec-hr@k`, `dlcrec-div@k` and `match-target@k`; of recommenders that tell their plan {@link planValues} as well, of those that read a language model's answers
 * {@link readingValues}. Each [cases].
 */
export async function evaluateControlledList(
  { training, test }: ControlledListProtocol,
  ks: readonly number[],
  settings: readonly Setting[],
  answer: (cases: readonly ControlledListCase[]) => Promise<ControlledListAnswers>,
  { progress, signal, label }: EvaluationContext,
): Promise<Evaluation> {
  const depth = ks[ks.length - 1];
  const blockSize = Math.max(1, Math.floor(BLOCK_SCORES / training.items.keys.length));
  const evaluator = new ListEvaluator(ks);
  const targets = test.map(({ future }) => Int32Array.from(new Set(future)).sort());
  const values: Record<string, Float64Array> = {};
  const lists: Record<string, { k: number; items: Int32Array }> = {};
  const sets = controlGenres(training);
  const step = progress.start(`${label}: lists`, settings.length * test.length);
  settings.forEach(
    (setting) => (lists[setting.lists] = { k: depth, items: new Int32Array(test.length * depth).fill(-1) }),
  );
  for (const [done, setting] of settings.entries()) {
    const { wish, suffix } = setting;
    const put = (name: string, position: number, value: number) => {
      const column = (values[name + suffix] ??= new Float64Array(test.length).fill(NaN));
      column[position] = value;
    };
    const cases = casesOf(test, wish, depth);
    for (let from = 0; from < cases.length; from += blockSize) {
      throwIfInterrupted(signal);
      const block = cases.slice(from, from + blockSize);
      const answers = await answer(block);
      requireLists(label, answers, block.length, training.items.keys.length);
      answers.forEach((answered, index) => {
        const position = from + index;
        const list = answered.subarray(0, depth);
        const relevant = targets[position];
        const result = evaluator.evaluate(list, relevant);
        evaluator.names.forEach((name, m) => {
          put(name, position, result.values[m]);
        });
        const delivered = new Set(Array.from(list).flatMap((item) => Array.from(genresOf(sets, item))));
        put(`cov@${depth}`, position, delivered.size);
        put(`repeats@${depth}`, position, result.duplicates / depth);
        if (wish !== null) put(`control-error@${depth}`, position, offBy(wish, delivered));
        const all = new Set(relevant);
        put(`dlcrec-ndcg@${depth}`, position, dlcrecNdcg(list, all, depth));
        put(`dlcrec-hr@${depth}`, position, dlcrecHitRate(list, all, depth));
        const genreAt = (item: number) => (item >= 0 ? training.mainGenres[item] : -1);
        const genresAt = Array.from(list, genreAt);
        const wanted = Array.from(test[position].future, genreAt);
        put(
          `dlcrec-div@${depth}`,
          position,
          dlcrecDiversity(list, (item) => {
            const own = Array.from(genresOf(sets, item));
            return own.length === 0 ? [-1] : own;
          }),
        );
        put(`match-target@${depth}`, position, matches(genresAt, wanted, depth));
        if (answers.plans !== undefined) {
          const own = planValues(answers.plans[index], wish, genresAt, wanted, depth);
          for (const [name, value] of Object.entries(own)) put(name, position, value);
        }
        if (answers.readings !== undefined) {
          for (const [name, value] of Object.entries(readingValues(answers.readings[index])))
            put(name, position, value);
        }
        lists[setting.lists].items.set(list, position * depth);
      });
      step.update(done * test.length + Math.min(cases.length, from + blockSize));
    }
  }
  step.end();
  return { cases: caseNames(training.users.keys, test), values, lists };
}

/** How far the genres of a list are from a wish. */
function offBy(wish: GenreWish, delivered: ReadonlySet<number>): number {
  return typeof wish === "number" ? controlError(wish, delivered.size) : setError(wish, delivered);
}

/** Places of k whose genre is the wanted one. */
function matches(genres: readonly number[], wanted: readonly number[], k: number): number {
  return genres.slice(0, k).filter((genre, place) => genre >= 0 && genre === wanted[place]).length / k;
}

/** How much of the answers behind a list could not be read, stage by stage. */
function readingValues(reading: ListReading): Record<string, number> {
  const values = Object.entries(reading) as [keyof ListReading, number][];
  return Object.fromEntries(values.map(([stage, share]) => [`${stage}-unreadable`, share]));
}

/**
 * Where a list's control goes wrong: the plan against the wish, the places against the plan, the items against the places. What could not be
 * read counts as not obeyed: a plan of no genre is off by the whole wish, and no item matches a place without a genre. Where the genres
 * themselves are wished, nobody has to plan them.
 * @param wanted - the genres of the target items, place by place.
 */
function planValues(
  { genres, slots, told }: ListPlan,
  wish: GenreWish | null,
  genresAt: readonly number[],
  wanted: readonly number[],
  k: number,
): Record<string, number> {
  const [planned, truth] = [new Set(genres), new Set(wanted)];
  const share = (part: ReadonlySet<number>, of: ReadonlySet<number>) =>
    [...of].filter((genre) => part.has(genre)).length / of.size;
  const placed = slots === null ? null : new Set(slots.filter((genre) => genre >= 0));
  return {
    ...(typeof wish === "number" && { "plan-error": controlError(wish, planned.size) }),
    ...((wish === null || typeof wish === "number") && { "plan-recall": share(planned, truth) }),
    ...(placed !== null && {
      "slot-error": slotError(genres, slots!, told),
      "slot-recall": planned.size === 0 ? 0 : share(placed, planned),
      [`match-plan@${k}`]: matches(genresAt, slots!, k),
    }),
  };
}

function requireLists(label: string, answers: ControlledListAnswers, count: number, items: number): void {
  if (answers.length !== count)
    throw new RangeError(`${label} answered ${answers.length} lists for ${count} cases`);
  for (const list of answers) {
    for (const item of list) {
      if (item < -1 || item >= items) throw new RangeError(`${label} listed item ${item} of ${items}`);
    }
  }
}

/** The user, and after how many likes the list was asked for. */
function caseNames(keys: readonly string[], test: readonly Window[]): string[] {
  return test.map(({ user, past }) => `${keys[user]} ${past.length}`);
}
