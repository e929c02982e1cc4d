import { distance } from "fastest-levenshtein";

/** The known name nearest to what was typed, if one is near enough to be meant (at most a third of its letters differ). */
export function nearestName(typed: string, known: readonly string[]): string | undefined {
  const lower = typed.toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const name of known) {
    const edits = distance(lower, name.toLowerCase());
    if (edits < bestDistance) [best, bestDistance] = [name, edits];
  }
  const limit = Math.max(2, Math.ceil(typed.length / 3));
  return bestDistance <= limit ? best : undefined;
}

/** "Did you mean X?" or the list of what there is: the hint of every unknown-name error. */
export function suggestName(typed: string, known: readonly string[]): string {
  const nearest = nearestName(typed, known);
  return nearest === undefined
    ? `Known: ${known.join(", ")}.`
    : `Did you mean ${nearest}? Known: ${known.join(", ")}.`;
}
