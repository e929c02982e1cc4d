/** A byte-level BPE as it was learnt: what each token spells (in the byte alphabet), and which pairs were joined, in order. */
export interface BytePairs {
  /** Byte symbols first, then one token for each merge. */
  readonly tokens: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
}

/** GPT-2's words: what is never joined across. The same expression stands behind `ByteLevel` with `use_regex` in tokenizer.json. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/**
 * GPT-2's printable stand-ins for the 256 bytes: printable Latin-1 characters stand for themselves, the others for the characters
 * from U+0100 on.
 */
export const BYTE_ALPHABET: readonly string[] = (() => {
  const isPrintable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
})();

/**
 * Learns a byte-level byte-pair encoding (Sennrich, Haddow, Birch, ACL 2016, over bytes as in GPT-2): the commonest pair of neighbours within
 * words is joined, again and again. Of equally common pairs the first in the order of the alphabet is joined, so that the
 * same texts give the same tokens.
 * @param size - tokens to end with, the 256 bytes included; fewer where no pair occurs twice any more.
 */
export function trainBytePairs(texts: Iterable<string>, size: number): BytePairs {
  const words = countWords(texts);
  const tokens = [...BYTE_ALPHABET].sort();
  const merges: [string, string][] = [];
  while (tokens.length < size) {
    const pair = commonestPair(words);
    if (pair === undefined) break;
    merges.push(pair);
    tokens.push(pair[0] + pair[1]);
    for (const word of words) join(word.symbols, pair);
  }
  return { tokens, merges };
}

interface Word {
  symbols: string[];
  readonly count: number;
}

function countWords(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of text.matchAll(WORDS)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Array.from(counts, ([word, count]) => ({
    symbols: Array.from(Buffer.from(word), (byte) => BYTE_ALPHABET[byte]),
    count,
  }));
}

/** Separates the two sides of a pair in a map's key: stands for no byte. */
const BETWEEN = "\u0000";

function commonestPair(words: readonly Word[]): [string, string] | undefined {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (let i = 1; i < symbols.length; i++) {
      const key = symbols[i - 1] + BETWEEN + symbols[i];
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  let best: string | undefined;
  let most = 1;
  for (const [key, count] of counts) {
    if (count > most || (count === most && best !== undefined && key < best)) [best, most] = [key, count];
  }
  if (best === undefined) return undefined;
  const [left, right] = best.split(BETWEEN);
  return [left, right];
}

/** Joins each occurrence of the pair, from the left, in place. */
function join(symbols: string[], [left, right]: readonly [string, string]): void {
  let to = 0;
  for (let from = 0; from < symbols.length; from++) {
    if (symbols[from] === left && symbols[from + 1] === right) {
      symbols[to++] = left + right;
      from++;
    } else symbols[to++] = symbols[from];
  }
  symbols.length = to;
}
