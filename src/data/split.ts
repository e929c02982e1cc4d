/** Which part an interaction belongs to: one byte an interaction in {@link Split.parts}. */
export const PART = { unused: 0, train: 1, validation: 2, test: 3 } as const;
export type PartName = keyof typeof PART;

/** A data set's interactions divided into parts, and the items or users that are cold by design. */
export interface Split {
  /** How it was made, with its options: `cold-item(share=0.2, seed=42)`. */
  readonly description: string;
  /** One of {@link PART} for each interaction of the data set. */
  readonly parts: Uint8Array;
  /** One of {@link PART} for each dialogue, where the split divides dialogues. */
  readonly dialogues?: Uint8Array;
  /** 1 for each item that must have no training interaction. */
  readonly coldItems: Uint8Array;
  /** 1 for each user that must have no training interaction. */
  readonly coldUsers: Uint8Array;
  /** True where every training interaction must be earlier than (or as early as) every test interaction. */
  readonly byTime: boolean;
  /** SHA-256 over the (user key, item key, time, part) rows, the dialogues' parts and the cold sets: equal for equal splits of equal data. */
  readonly hash: string;
}

/** The positions of the interactions in a part, ascending. */
export function positionsOf(split: Split, part: PartName): Int32Array {
  const positions = new Int32Array(partSizes(split)[part]);
  let size = 0;
  split.parts.forEach((value, position) => {
    if (value === PART[part]) positions[size++] = position;
  });
  return positions;
}

/** How many interactions are in each part. */
export function partSizes({ parts }: Pick<Split, "parts">): Record<PartName, number> {
  const counts = [0, 0, 0, 0];
  for (const part of parts) counts[part]++;
  return {
    unused: counts[PART.unused],
    train: counts[PART.train],
    validation: counts[PART.validation],
    test: counts[PART.test],
  };
}
