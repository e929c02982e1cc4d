import { llmCrsRank } from "../metrics/compat/llm-crs.js";
import { rtaRank } from "../metrics/compat/rta.js";
import type { AnsweredList, ConversationCase } from "./conversation.js";

/** Variants for lists in words, as two papers scored them; each is a metric of its own, never in a column with another. */
const VARIANTS = {
  /** Reindex-Then-Adapt: edit distance of the answered words, nothing masked. */
  rta: ({ texts }: AnsweredList, title: string) => rtaRank(texts, title),
  /** He et al., CIKM 2023: matched titles, without what was named before. */
  title: ({ titles }: AnsweredList, title: string, named: ReadonlySet<string>) =>
    llmCrsRank(titles, title, named),
} as const;

/** `rta-recall@k`, `rta-ndcg@k`, `rta-mrr@k` and the same of `title`, by name. */
export function textMetricNames(ks: readonly number[]): string[] {
  return Object.keys(VARIANTS).flatMap((variant) =>
    ["recall", "ndcg", "mrr"].flatMap((metric) => ks.map((k) => `${variant}-${metric}@${k}`)),
  );
}

/** The metrics of one list in words against one target title, in the order of {@link textMetricNames}. */
export function textMetrics(
  list: AnsweredList,
  title: string,
  named: ReadonlySet<string>,
  ks: readonly number[],
): number[] {
  return Object.values(VARIANTS).flatMap((rankOf) => {
    const rank = rankOf(list, title, named);
    const within = (value: number) => ks.map((k) => (Number.isNaN(rank) ? NaN : rank < k ? value : 0));
    return [...within(1), ...within(1 / Math.log2(rank + 2)), ...within(1 / (rank + 1))];
  });
}

/** The titles that a context names: those of its items, and the words of what is not in the catalogue. */
export function namedTitles(
  { context, mentioned }: ConversationCase,
  titles: readonly string[],
): Set<string> {
  const outside = context.flatMap(({ text, mentions }) =>
    mentions.filter(({ item }) => item < 0).map(({ start, end }) => text.slice(start, end)),
  );
  return new Set([...mentioned.map((item) => titles[item]), ...outside]);
}
