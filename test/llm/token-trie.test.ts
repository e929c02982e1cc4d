import { describe, expect, it } from "vitest";
import { buildTokenTrie, closeSequences, openMoves, type TokenTrie } from "../../src/llm/local/token-trie.js";

const SEQUENCES = [[1, 2], [1, 2, 3], [1, 4], [5], [1, 2]];

/** Every sequence that can be written from here. */
function written(node: TokenTrie, closed: ReturnType<typeof closeSequences> | undefined): number[][] {
  const { tokens, mayEnd } = openMoves(node, closed);
  return [
    ...(mayEnd ? [[]] : []),
    ...tokens.flatMap((token) => written(node.children.get(token)!, closed).map((rest) => [token, ...rest])),
  ];
}

describe("a tree of answers", () => {
  const root = buildTokenTrie(SEQUENCES);

  it("counts equal sequences once and leads to each", () => {
    expect(root.ends).toBe(4);
    expect(written(root, undefined)).toEqual([[1, 2], [1, 2, 3], [1, 4], [5]]);
  });

  it("leads to all but the closed ones, whichever they are", () => {
    const all = [[1, 2], [1, 2, 3], [1, 4], [5]];
    for (let chosen = 0; chosen < 16; chosen++) {
      const shut = all.filter((_, n) => (chosen >> n) & 1);
      const closed = closeSequences(root, [...shut, ...shut, [9], [1], [1, 2, 3, 4]]);
      expect(written(root, closed)).toEqual(all.filter((_, n) => !((chosen >> n) & 1)));
      expect(closed.get(root) ?? 0).toBe(shut.length);
    }
  });
});
