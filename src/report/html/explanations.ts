import type { SampleBook, SampleCase } from "../../experiment/samples.js";

/**
 * The samples with the explanations that their pairs were answered by: a fact for each writer, in the order of the rows. Rows whose texts differ though one
 * writer's name stands for them (other options) are told apart by their own names.
 */
export function withExplanations(book: SampleBook): SampleBook {
  return { ...book, cases: book.cases.map((one) => ({ ...one, facts: [...one.facts, ...explained(one)] })) };
}

function explained({ answers }: SampleCase): { label: string; text: string }[] {
  const rowsOf = new Map<string, Map<string, string[]>>();
  for (const [row, { explanation }] of Object.entries(answers)) {
    if (explanation === undefined) continue;
    const { by, text } = explanation;
    const texts = rowsOf.get(by) ?? new Map<string, string[]>();
    rowsOf.set(by, texts.set(text, [...(texts.get(text) ?? []), row]));
  }
  return [...rowsOf].flatMap(([by, texts]) =>
    [...texts].map(([text, rows]) => ({
      label: `explanation ${by}${texts.size === 1 ? "" : ` (${rows.join(", ")})`}`,
      text,
    })),
  );
}
