/**
 * Trees of arrays: the nested records and lists in which models keep their parameters and batches. A leaf is anything
 * that is neither a list nor a plain record. Its name is its path joined by dots, as in `layers.0.query`: the name in checkpoints and errors.
 */
export type Tree<Leaf> = Leaf | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> };

export interface NamedLeaf<Leaf> {
  readonly name: string;
  readonly leaf: Leaf;
}

function isRecord(tree: unknown): tree is Record<string, unknown> {
  if (typeof tree !== "object" || tree === null) return false;
  const prototype: unknown = Object.getPrototypeOf(tree);
  return prototype === Object.prototype || prototype === null;
}

/** Maps every leaf, given its name, and keeps the structure. A leaf that is itself a plain record is told by `isLeaf`. */
export function mapTree(
  tree: unknown,
  map: (leaf: unknown, name: string) => unknown,
  isLeaf: (node: unknown) => boolean = () => false,
  name = "",
): unknown {
  const inner = (key: string | number) => (name === "" ? String(key) : `${name}.${key}`);
  if (!isLeaf(tree)) {
    if (Array.isArray(tree)) return tree.map((node, i) => mapTree(node, map, isLeaf, inner(i)));
    if (isRecord(tree)) {
      return Object.fromEntries(
        Object.entries(tree).map(([key, node]) => [key, mapTree(node, map, isLeaf, inner(key))]),
      );
    }
  }
  return map(tree, name);
}

/** The leaves in the order of their keys, with their names. */
export function namedLeaves<Leaf>(tree: unknown, isLeaf?: (node: unknown) => boolean): NamedLeaf<Leaf>[] {
  const leaves: NamedLeaf<Leaf>[] = [];
  mapTree(tree, (leaf, name) => leaves.push({ name, leaf: leaf as Leaf }), isLeaf);
  return leaves;
}
