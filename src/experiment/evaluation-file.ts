import { DataError } from "../core/errors.js";
import { readParquet, writeParquet } from "../core/parquet.js";
import type { ArtifactFormat } from "../core/stages.js";
import type { Evaluation, RecommendedLists } from "../tasks/evaluation.js";

const TOP = "top:";

/**
 * An evaluation as one Parquet table: a row a case with its name, a column a metric (NULL: does not apply), and a column
 * `top:SETTING` with the ids of the recommended items, best first.
 * @param itemKeys - external ids by item number.
 */
export function evaluationFormat(itemKeys: readonly string[]): ArtifactFormat<Evaluation> {
  return {
    file: "cases.parquet",
    async write(path, { cases, values, lists }) {
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
      await writeParquet(path, { case: cases, ...values, ...Object.fromEntries(tops) });
    },
    async read(path) {
      const { case: cases, ...columns } = await readParquet(path);
      const broken = (why: string) => new DataError("BAD_CASES_FILE", why, { file: path });
      if (!Array.isArray(cases)) throw broken("no column case");
      const itemNumber = new Map(itemKeys.map((key, item) => [key, item]));
      const values: Record<string, Float64Array> = {};
      const lists: Record<string, RecommendedLists> = {};
      for (const [name, column] of Object.entries(columns)) {
        if (column instanceof Float64Array) values[name] = column;
        else if (name.startsWith(TOP))
          lists[name.slice(TOP.length)] = numberLists(column as unknown as string[][], itemNumber);
        else throw broken(`column ${name} holds neither numbers nor lists`);
      }
      return { cases: cases as string[], values, lists };
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
