/** A set of token sequences as a tree, for answers that must be one of them. */
export interface TokenTrie {
  readonly children: ReadonlyMap<number, TokenTrie>;
  /** A whole sequence ends here. */
  readonly isEnd: boolean;
  /** Sequences that end here or below. */
  readonly ends: number;
}

interface GrowingTrie {
  readonly children: Map<number, GrowingTrie>;
  isEnd: boolean;
  ends: number;
}

const newNode = (): GrowingTrie => ({ children: new Map(), isEnd: false, ends: 0 });

/** Builds the tree of some sequences; equal ones count once. */
export function buildTokenTrie(sequences: Iterable<readonly number[]>): TokenTrie {
  const root = newNode();
  for (const sequence of sequences) {
    const path = [root];
    for (const token of sequence) {
      const { children } = path[path.length - 1];
      let child = children.get(token);
      if (child === undefined) children.set(token, (child = newNode()));
      path.push(child);
    }
    const last = path[path.length - 1];
    if (last.isEnd) continue;
    last.isEnd = true;
    for (const node of path) node.ends++;
  }
  return root;
}

/** How many sequences at each node of a tree must not be taken; nodes with none are left out. */
export type Closed = ReadonlyMap<TokenTrie, number>;

/** Closes some sequences of a tree; those that it doesn't hold, and repeats, are passed over. */
export function closeSequences(root: TokenTrie, sequences: Iterable<readonly number[]>): Closed {
  const closed = new Map<TokenTrie, number>();
  const done = new Set<TokenTrie>();
  for (const sequence of sequences) {
    const path = [root];
    for (const token of sequence) {
      const child = path[path.length - 1].children.get(token);
      if (child === undefined) break;
      path.push(child);
    }
    const last = path[path.length - 1];
    if (path.length !== sequence.length + 1 || !last.isEnd || done.has(last)) continue;
    done.add(last);
    for (const node of path) closed.set(node, (closed.get(node) ?? 0) + 1);
  }
  return closed;
}

/** Where an answer may go on from a node: tokens of children that still lead to an open sequence, and whether it may end here. */
export function openMoves(
  node: TokenTrie,
  closed: Closed | undefined,
): { tokens: number[]; mayEnd: boolean } {
  if (closed === undefined) return { tokens: [...node.children.keys()], mayEnd: node.isEnd };
  const tokens: number[] = [];
  let closedBelow = 0;
  for (const [token, child] of node.children) {
    const shut = closed.get(child) ?? 0;
    closedBelow += shut;
    if (shut < child.ends) tokens.push(token);
  }
  // What is closed at this node and not below it is the sequence that ends here.
  return { tokens, mayEnd: node.isEnd && (closed.get(node) ?? 0) === closedBelow };
}
