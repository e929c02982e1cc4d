/** A stretch of a document and how much its tokens count in the loss. */
export interface Piece {
  readonly text: string;
  readonly weight: number;
}

/**
 * A text of the corpus in pieces. What no reader could foretell (which films a stranger lists) weighs little, what follows from knowledge (a
 * genre, a mood, a verdict) weighs much.
 */
export type Document = readonly Piece[];

export const plain = (text: string, weight = 1): Piece => ({ text, weight });

/** Words that can't be foretold: learnt a little, so that texts can be written, too. */
export const given = (text: string): Piece => ({ text, weight: 0.05 });

/** Words that only knowledge foretells. */
export const told = (text: string): Piece => ({ text, weight: 4 });

/** A judge's answer. */
export const verdict = (text: string): Piece => ({ text, weight: 5 });
