import type { ItemTable } from "../data/dataset.js";
import { titleOf } from "../tasks/describe.js";
import { listOf, type Evaluation } from "../tasks/evaluation.js";
import type { Recommender } from "../recommenders/recommender.js";
import type { PreparedTask, TaskId } from "../tasks/task.js";

/** So many cases are shown, evenly spaced over all. */
const CASES = 40;
/** So many items of a list. */
const LENGTH = 10;

/** Some cases in words with everyone's answers, to look at. Items are places in `titles`. */
export interface SampleBook {
  readonly schemaVersion: 1;
  readonly titles: readonly string[];
  readonly cases: readonly SampleCase[];
}

export interface SampleCase {
  readonly name: string;
  readonly facts: readonly { readonly label: string; readonly text: string }[];
  /** The right items, by setting; under "" for every other setting. */
  readonly relevant: Readonly<Record<string, readonly number[]>>;
  /** By recommender, under its first seed. */
  readonly answers: Readonly<Record<string, SampleAnswer>>;
}

export interface SampleAnswer {
  /** The first items of each list, by setting. */
  readonly lists: Readonly<Record<string, readonly number[]>>;
  /** What else was answered (a probability), and the main metrics of this case. */
  readonly values: Readonly<Record<string, number>>;
  /** The text that it answered by, and who wrote it. */
  readonly explanation?: { readonly by: string; readonly text: string };
}

/** Gathers a {@link SampleBook} while the recommenders come and go, so that no evaluation is kept for it. */
export class SampleCollector {
  private readonly titles = new Map<string, number>();
  private positions: readonly number[] | undefined;
  private cases: { head: Omit<SampleCase, "answers">; answers: Record<string, SampleAnswer> }[] = [];

  constructor(
    private readonly task: Pick<PreparedTask<TaskId>, "describeCase" | "mainMetrics">,
    private readonly items: ItemTable,
  ) {}

  /** Takes one recommender's answers to the chosen cases; all evaluations have the same cases. */
  add({ id, explainedBy }: Pick<Recommender<TaskId>, "id" | "explainedBy">, evaluation: Evaluation): void {
    this.positions ??= this.choose(evaluation.cases);
    this.positions.forEach((position, at) => {
      const lists = Object.entries(evaluation.lists).map(
        ([setting, all]) => [setting, this.places(listOf(all, position).subarray(0, LENGTH))] as const,
      );
      const text = evaluation.explanations?.[position];
      this.cases[at].answers[id] = {
        lists: Object.fromEntries(lists.filter(([, list]) => list.length > 0)),
        values: valuesAt(evaluation, position, this.task.mainMetrics),
        ...(explainedBy !== undefined && text !== undefined && { explanation: { by: explainedBy, text } }),
      };
    });
  }

  finish(): SampleBook {
    return {
      schemaVersion: 1,
      titles: [...this.titles.keys()],
      cases: this.cases.map(({ head, answers }) => ({ ...head, answers })),
    };
  }

  private choose(names: readonly string[]): number[] {
    const count = Math.min(CASES, names.length);
    const positions = Array.from({ length: count }, (_, n) => Math.floor(((n + 0.5) * names.length) / count));
    this.cases = positions.map((position) => {
      const { facts, relevant } = this.task.describeCase(position);
      const places = Object.entries(relevant).map(([setting, own]) => [setting, this.places(own)] as const);
      return { head: { name: names[position], facts, relevant: Object.fromEntries(places) }, answers: {} };
    });
    return positions;
  }

  private places(items: ArrayLike<number>): number[] {
    return Array.from(items, (item) => {
      const title = titleOf(this.items, item);
      const place = this.titles.get(title) ?? this.titles.size;
      this.titles.set(title, place);
      return place;
    });
  }
}

function valuesAt(
  { values, answers = {} }: Evaluation,
  position: number,
  metrics: readonly string[],
): Record<string, number> {
  const shown = metrics
    .filter((name) => Object.hasOwn(values, name))
    .map((name) => [name, values[name]] as const);
  const all = [...Object.entries(answers), ...shown].map(
    ([name, column]) => [name, column[position]] as const,
  );
  return Object.fromEntries(all.filter(([, value]) => Number.isFinite(value)));
}
