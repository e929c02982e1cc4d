import { DataError } from "../core/errors.js";
import { readParquet, writeParquet } from "../core/parquet.js";
import type { ArtifactFormat } from "../core/stages.js";
import type { Evaluation, RecommendedLists } from "../tasks/evaluation.js";

const TOP = "top:";
const ANSWER = "answer:";
const EXPLANATION = "explanation";

/**
 * An evaluation as one Parquet table: a row a case with its name, a column a metric (NULL: does not apply), a column
 * `top:SETTING` with the ids of the recommended items, best first, a column `answer:NAME` for other answers, and a column `explanation` where answers
 * go by a text.
 * @param itemKeys - external ids by item number.
 */
export function evaluationFormat(itemKeys: readonly string[]): ArtifactFormat<Evaluation> {
  return {
    file: "cases.parquet",
    async write(path, { cases, values, lists, answers = {}, explanations }) {
      const tops = Object.entries(lists).map(([setting, { k, items }]) => {
        const idsOf = (position: number) => {
          const list = items.subarray(position * k, (position + 1) * k);
          return Array.from(
            list.filter((item) => item >= 0),
            (item) => itemKeys[item],
          );
        };
        return [TOP + setting, cases.map((_, position) => idsOf(position))] as const;
      });
      const others = Object.entries(answers).map(([name, column]) => [ANSWER + name, column] as const);
      const extra = Object.fromEntries<Float64Array | string[][]>([...tops, ...others]);
      const texts = explanations && { [EXPLANATION]: explanations };
      await writeParquet(path, { case: cases, ...values, ...extra, ...texts });
    },
    async read(path) {
      const { case: cases, [EXPLANATION]: explanations, ...columns } = await readParquet(path);
      const broken = (why: string) => new DataError("BAD_CASES_FILE", why, { file: path });
      if (!Array.isArray(cases)) throw broken("no column case");
      const itemNumber = new Map(itemKeys.map((key, item) => [key, item]));
      const values: Record<string, Float64Array> = {};
      const lists: Record<string, RecommendedLists> = {};
      const answers: Record<string, Float64Array> = {};
      for (const [name, column] of Object.entries(columns)) {
        if (name.startsWith(ANSWER) && column instanceof Float64Array)
          answers[name.slice(ANSWER.length)] = column;
        else if (column instanceof Float64Array) values[name] = column;
        else if (name.startsWith(TOP))
          lists[name.slice(TOP.length)] = numberLists(column as unknown as string[][], itemNumber);
        else throw broken(`column ${name} holds neither numbers nor lists`);
      }
      const texts = explanations as readonly string[] | undefined;
      return {
        ...{ cases: cases as string[], values, lists, answers },
        ...(texts !== undefined && { explanations: texts }),
      };
    },
  };
}

function numberLists(
  column: readonly (readonly string[])[],
  itemNumber: ReadonlyMap<string, number>,
): RecommendedLists {
  const k = column.reduce((longest, list) => Math.max(longest, list.length), 0);
  const items = new Int32Array(column.length * k).fill(-1);
  column.forEach((list, position) => {
    list.forEach((key, rank) => (items[position * k + rank] = itemNumber.get(key) ?? -1));
  });
  return { k, items };
}
