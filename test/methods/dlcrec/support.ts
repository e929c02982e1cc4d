import { readTemplates } from "../../../src/methods/dlcrec/templates.js";
import { type Names, Prompter } from "../../../src/methods/dlcrec/prompter.js";

/** Twelve films of the genres Drama, Comedy and Horror in turn, and Western, which no film has. */
export const NAMES: Names = {
  titles: ["Ash", "Bay", "Cup", "Dew", "Elm", "Fog", "Gap", "Hut", "Ink", "Jar", "Key", "Lip"],
  genres: ["Drama", "Comedy", "Horror", "Western"],
  mainGenres: Int32Array.from({ length: 12 }, (_, item) => item % 3),
};

export async function prompterOf(templates: string): Promise<Prompter> {
  return new Prompter(await readTemplates(templates), NAMES);
}
