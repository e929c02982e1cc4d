import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UsageError } from "../../core/errors.js";
import { packageRoot } from "../../core/files.js";
import { readYaml } from "../../data/yaml-file.js";

const prompt = {
  /** The question. */
  prompt: z.string().min(1),
  /** What the answer begins with. */
  lead: z.string().default(""),
};

const list = z.strictObject({
  ...prompt,
  /** How a place of the answer is written. */
  entry: z.string().min(1),
  /** What stands between two places of the answer. */
  between: z.string().min(1).default(", "),
  /** What the answer ends with. */
  tail: z.string().default(""),
  /** How a place is written in the question, where it has `{slots}`. */
  slot: z.string().min(1).optional(),
  /** The answer begins with the history, in the same form. */
  repeatsHistory: z.boolean().default(false),
});

/**
 * The texts of DLCRec's prompts. In a question, `{trail}` is the history as a trail, `{watched}` and `{titles}` the same in other
 * forms, `{count}` the wished number of genres, `{genres}` the wished genres, `{slots}` the future's places, `{length}` their number.
 */
export const templates = z.strictObject({
  /** A film of `{trail}`, of `{watched}` and of `{titles}`. */
  films: z.strictObject({ trail: z.string().min(1), watched: z.string().min(1), titles: z.string().min(1) }),
  /** What stands between two films of the history. */
  between: z.string().min(1),
  /** What stands between two genres of a set. */
  genres: z.string().min(1),
  /** The genre set: answered by the genres alone. */
  gp: z.strictObject(prompt),
  /** A genre for each place. */
  gf: list,
  /** An item for each place. */
  ip: list,
  /** IP without GF: items from the genre set alone. */
  direct: list,
  bigrec: list,
  bigrecDiv: list,
  bigrecCot: list,
  /** What an untrained model goes on from. */
  raw: list,
});

export type Templates = z.infer<typeof templates>;
export type ListTemplate = z.infer<typeof list>;

/** The template files that come along. */
const BUILT_IN = ["trail", "published"] as const;

/** What each question can't do without. */
const NEEDS: readonly (readonly [question: keyof Templates, field: string])[] = [
  ["gp", "{count}"],
  ["gf", "{genres}"],
  ["ip", "{slots}"],
  ["direct", "{genres}"],
  ["bigrecDiv", "{count}"],
  ["bigrecCot", "{count}"],
];

/**
 * Reads a template file.
 * @param name - `trail` (short, after the texts that the embedded model knows), `published` (the paper's structure), or a YAML file.
 * @throws UsageError NO_TEMPLATES, BAD_TEMPLATES; those of {@link readYaml}.
 */
export async function readTemplates(name: string): Promise<Templates> {
  const known = (BUILT_IN as readonly string[]).includes(name);
  const path = known ? join(packageRoot(), "datasets", "prompts", `dlcrec-${name}.yaml`) : name;
  if (!existsSync(path)) {
    throw new UsageError("NO_TEMPLATES", "no such file of prompt templates", {
      file: path,
      hint: `Give ${BUILT_IN.join(" or ")}, or the path of a YAML file.`,
    });
  }
  const found = await readYaml(path, templates);
  for (const [question, field] of NEEDS) {
    if ((found[question] as { prompt: string }).prompt.includes(field)) continue;
    throw new UsageError("BAD_TEMPLATES", `${question}.prompt has no ${field}, so the model can't be told`, {
      file: path,
    });
  }
  for (const question of ["ip", "direct", "bigrec", "bigrecDiv", "bigrecCot", "raw"] as const) {
    if (found[question].entry.includes("{title}")) continue;
    throw new UsageError("BAD_TEMPLATES", `${question}.entry has no {title}`, { file: path });
  }
  if (!found.gf.entry.includes("{genre}")) {
    throw new UsageError("BAD_TEMPLATES", "gf.entry has no {genre}", { file: path });
  }
  return found;
}
