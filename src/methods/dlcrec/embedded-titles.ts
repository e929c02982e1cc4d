import type { LanguageModel, Vectors } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { TitleSimilarity } from "./grounding.js";

/** The last state of each title's last token through the untuned model. */
export function titleStates(
  model: LanguageModel,
  titles: readonly string[],
  context: RunContext,
): Promise<Vectors> {
  // A text without words has no state.
  return model.encode(
    titles.map((title) => (title.trim() === "" ? "NaN" : title)),
    context,
  );
}

/**
 * Nearness by the last state of a title's last token (BIGRec, DLCRec): minus the Euclidean distance to each item's.
 * @param items - {@link titleStates} of all items.
 * @param written - the titles that will be asked about.
 * @param popularity - by item, from 0 to 1; distances, brought to 0..1 for each title, are divided by (1 + popularity)^gamma.
 */
export async function embeddingSimilarity(
  model: LanguageModel,
  items: Vectors,
  written: readonly string[],
  { popularity, gamma }: { readonly popularity: ArrayLike<number>; readonly gamma: number },
  context: RunContext,
): Promise<TitleSimilarity> {
  const asked = [...new Set(written)];
  const states = await titleStates(model, asked, context);
  const rowOf = new Map(asked.map((title, row) => [title, row]));
  return (title) => {
    const row = rowOf.get(title);
    if (row === undefined) throw new Error(`no state was made for the title ${title}`);
    const { width } = states;
    const distances = new Float64Array(items.rows);
    for (let item = 0; item < items.rows; item++) {
      let sum = 0;
      for (let d = 0; d < width; d++) {
        sum += (items.data[item * width + d] - states.data[row * width + d]) ** 2;
      }
      distances[item] = Math.sqrt(sum);
    }
    if (gamma === 0) return distances.map((distance) => -distance);
    const low = distances.reduce((least, distance) => Math.min(least, distance), Infinity);
    const high = distances.reduce((most, distance) => Math.max(most, distance), 0);
    const span = high > low ? high - low : 1;
    return distances.map((distance, item) => -(distance - low) / span / (1 + popularity[item]) ** gamma);
  };
}
