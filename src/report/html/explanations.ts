import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SampleBook } from "../../experiment/samples.js";

/** A line of a stage `explanations`. */
interface Line {
  readonly user: string;
  readonly item: string;
  /** Hash of the model with its adapter. */
  readonly adapter: string;
  readonly explanation: string;
}

/**
 * The samples with what language models wrote about their pairs, as far as the run's stages hold it: a fact a model, named by the
 * beginning of its hash.
 */
export async function withExplanations(book: SampleBook, dir: string): Promise<SampleBook> {
  const stages = join(dir, "stages");
  if (!existsSync(stages)) return book;
  const names = new Set(book.cases.map(({ name }) => name));
  const written = new Map<string, Map<string, string>>();
  for (const stage of (await readdir(stages)).sort()) {
    const file = join(stages, stage, "explanations.jsonl");
    if (!stage.startsWith("explanations-") || !existsSync(file)) continue;
    for (const line of (await readFile(file, "utf8")).split("\n")) {
      if (line === "") continue;
      const { user, item, adapter, explanation } = JSON.parse(line) as Line;
      const name = `${user} ${item}`;
      if (!names.has(name)) continue;
      const own = written.get(name) ?? new Map<string, string>();
      written.set(name, own.set(adapter.slice(0, 8), explanation));
    }
  }
  return {
    ...book,
    cases: book.cases.map((one) => ({
      ...one,
      facts: [
        ...one.facts,
        ...[...(written.get(one.name) ?? [])].map(([model, text]) => ({
          label: `explanation by model ${model}`,
          text,
        })),
      ],
    })),
  };
}
