/** A set of token sequences as a tree, for answers that must be one of them. */
export interface TokenTrie {
  readonly children: ReadonlyMap<number, TokenTrie>;
  /** A whole sequence ends here. */
  readonly isEnd: boolean;
}

interface GrowingTrie {
  readonly children: Map<number, GrowingTrie>;
  isEnd: boolean;
}

/** Builds the tree of some sequences; equal ones count once. */
export function buildTokenTrie(sequences: Iterable<readonly number[]>): TokenTrie {
  const root: GrowingTrie = { children: new Map(), isEnd: false };
  for (const sequence of sequences) {
    let node = root;
    for (const token of sequence) {
      let child = node.children.get(token);
      if (child === undefined) node.children.set(token, (child = { children: new Map(), isEnd: false }));
      node = child;
    }
    node.isEnd = true;
  }
  return root;
}
