/** One place of a trail: `"title"'genre'`. */
export interface TrailEntry {
  readonly title: string;
  readonly genre: string;
}

/** Stands for what is to be filled in. */
export const ASKED = "?";

/** Stands for an item that is not to be looked at. */
export const IGNORED = "_";

/** A trail as DLCRec writes it: `"T1"'G1', "T2"'G2'`. */
export function writeTrail(entries: readonly TrailEntry[]): string {
  return entries.map(({ title, genre }) => `"${title}"'${genre}'`).join(", ");
}

// A title ends where its quote is followed by the genre's; a genre may hold an apostrophe ("Children's").
const ENTRY = /"(.*?)"'(.*?)'(?=\s*(?:,|$))/g;

/** Every complete entry of a text, in order; anything else in it is passed over. */
export function parseTrail(text: string): TrailEntry[] {
  return Array.from(text.matchAll(ENTRY), ([, title, genre]) => ({ title, genre }));
}
