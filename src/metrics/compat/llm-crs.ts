/**
 * How "Large Language Models as Zero-Shot Conversational Recommenders" (He et al., CIKM 2023) scores an answered list, row
 * `recommendation` of its results: everything is compared by title. Answers that are near no title are dropped, and so is
 * what was named before; a target of the same title as something named before is no target.
 * @param titles - the title that each answer was taken for, best first; "" for none. Repeats keep their place.
 * @returns the target's place from 0, Infinity where it is not listed, NaN where it is no target.
 */
export function llmCrsRank(titles: readonly string[], target: string, named: ReadonlySet<string>): number {
  if (named.has(target)) return NaN;
  const place = titles.filter((title) => title !== "" && !named.has(title)).indexOf(target);
  return place < 0 ? Infinity : place;
}
