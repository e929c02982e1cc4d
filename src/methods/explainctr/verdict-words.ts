/** Verbs and adverbs of a verdict. "Like" is one only after "will", "does" or "not": "it is like X" compares. */
const VERDICT =
  /\b(?:(?:will|would|does|did)(?: not|n't)?|won't|not|never)\b(?: (?:probably|really))?(?: (?:like|enjoy|love|hate|dislike|watch))?\b|\b(?:enjoy|avoid|love|hate|dislike|appreciate|prefer|recommend)(?:s|d|ed)?\b|\b(?:likes|liked|yes|no|fan|favou?rite)\b/gi;

/** A sentence that says the answer itself. */
const OUTRIGHT =
  /^(?:yes|no)\b|\b(?:will|would|won't|does)(?: not|n't)?(?: probably| really)? (?:like|enjoy|love|hate|dislike|watch)\b/i;

/** A text without the words that say whether the user will like the item: what is left must tell it by its reasons. */
export function withoutVerdict(text: string): string {
  return text
    .replace(VERDICT, "")
    .replace(/\s+/g, " ")
    .replace(/ (?=[.,;:])/g, "")
    .trim();
}

/** Whether a text says outright that the user will like the item or not. */
export function statesVerdict(text: string): boolean {
  return OUTRIGHT.test(text);
}
