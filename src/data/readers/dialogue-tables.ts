import type { Mention } from "../dialogue.js";

/** Numbers items by their key in the order of appearance, with the title that each was first given. */
export class ItemNumbers {
  readonly keys: string[] = [];
  readonly titles: string[] = [];
  private readonly numbers = new Map<string, number>();

  /** The item's number; a new key gets the next one. */
  add(key: string, title: string): number {
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.keys.length);
    this.titles.push(title);
    return this.keys.push(key) - 1;
  }

  /** The number of a known key, or -1. */
  find(key: string): number {
    return this.numbers.get(key) ?? -1;
  }
}

/**
 * Where a text names a title as whole words, in any case, at or after `from`; `{start: 0, end: 0}` where it does not.
 */
export function findTitle(text: string, title: string, from = 0): Pick<Mention, "start" | "end"> {
  if (title === "") return { start: 0, end: 0 };
  const words = title.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${words}(?![\\p{L}\\p{N}])`, "giu");
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  return match === null ? { start: 0, end: 0 } : { start: match.index, end: match.index + match[0].length };
}
