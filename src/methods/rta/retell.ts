import { Random } from "../../core/random.js";
import type { Mention, Turn } from "../../data/dialogue.js";
import type { ItemTable } from "../../data/dataset.js";

/**
 * What of a dialogue the language model is told, as in the ablations of He et al. (CIKM 2023): everything, the items' names alone, the words without
 * the items, or the words with random items in their place.
 */
export const TELLINGS = ["whole", "items", "words", "random-items"] as const;
export type Telling = (typeof TELLINGS)[number];

/** What stands for an item that is not told. */
const UNNAMED = "a film";

/** A dialogue in another telling. Random items depend on the names alone, so that every row is told the same. */
export function retell(
  turns: readonly Turn[],
  telling: Telling,
  name: string,
  { titles }: ItemTable,
): readonly Turn[] {
  if (telling === "whole") return turns;
  const random = Random.fromSeed(`rta/retell/${name}`);
  return turns.map((turn) => {
    const spelt = turn.mentions.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
    if (telling === "items") return { ...turn, text: spelt.map((one) => wordsOf(turn, one)).join(", ") };
    let text = "";
    let from = 0;
    for (const one of spelt) {
      if (one.start < from) continue;
      text +=
        turn.text.slice(from, one.start) +
        (telling === "words" ? UNNAMED : titles[random.int(titles.length)]);
      from = one.end;
    }
    return { ...turn, text: text + turn.text.slice(from) };
  });
}

function wordsOf({ text }: Turn, { start, end }: Mention): string {
  return text.slice(start, end);
}
