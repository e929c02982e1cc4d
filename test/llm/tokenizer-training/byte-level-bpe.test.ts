import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FolderTokenizer, loadTokenizer } from "../../../src/llm/local/tokenizer.js";
import { BYTE_ALPHABET, trainBytePairs } from "../../../src/llm/tokenizer-training/byte-level-bpe.js";
import {
  BEGIN_TOKEN,
  END_TOKEN,
  writeTokenizer,
} from "../../../src/llm/tokenizer-training/tokenizer-files.js";

const TEXTS = [
  "The silent harbor, the silent orchard and the harbor's lantern.\nA silent night in 1999!",
  "Die stille Bucht – “naïve” 日本 🎬  two  spaces\n\n",
];

describe("byte-level BPE", () => {
  it("joins the commonest pair, of equals the first of the alphabet", () => {
    // aaabdaaabac: aa 4 times; then (a,b) and (aa,a) twice each; then (aa,ab) twice; nothing else twice.
    const { tokens, merges } = trainBytePairs(["aaabdaaabac"], 1000);
    expect(merges).toEqual([
      ["a", "a"],
      ["a", "b"],
      ["aa", "ab"],
    ]);
    expect(tokens.slice(256)).toEqual(["aa", "ab", "aaab"]);
  });

  it("never joins across words, and stops at the size asked for", () => {
    const { tokens, merges } = trainBytePairs(["so so so so"], 258);
    // "so" once and " so" three times: (s,o) four times, then (space,so) three times.
    expect(merges).toEqual([
      ["s", "o"],
      ["Ġ", "so"],
    ]);
    expect(tokens).toHaveLength(258);
  });

  it("has 256 different byte symbols, none of them white", () => {
    expect(new Set(BYTE_ALPHABET).size).toBe(256);
    expect(BYTE_ALPHABET.filter((symbol) => /\s/.test(symbol))).toEqual([]);
    expect(BYTE_ALPHABET[32]).toBe("Ġ");
    expect(BYTE_ALPHABET[10]).toBe("Ċ");
  });
});

describe("the tokenizer's files", () => {
  const pairs = trainBytePairs(TEXTS, 320);
  let folder = "";
  let tokenizer: FolderTokenizer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tokenizer-"));
    await writeTokenizer(folder, pairs, 64);
    tokenizer = await loadTokenizer(folder, [END_TOKEN]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Joins by the merges in their order, word by word of one given cut: what BPE means. */
  const encodeWord = (word: string): string[] => {
    let symbols = Array.from(Buffer.from(word), (byte) => BYTE_ALPHABET[byte]);
    for (const [left, right] of pairs.merges) {
      const next: string[] = [];
      for (const symbol of symbols) {
        if (symbol === right && next.at(-1) === left) next[next.length - 1] = left + right;
        else next.push(symbol);
      }
      symbols = next;
    }
    return symbols;
  };

  it("are read by the library to the same tokens", () => {
    const words = ["The", " silent", " harbor", ",", " the", " lantern", "'s", " 19", "!?", " naïve"];
    const expected = words.flatMap(encodeWord).map((symbol) => 2 + pairs.tokens.indexOf(symbol));
    expect(tokenizer.encode(words.join(""))).toEqual(expected);
    expect(expected.length).toBeLessThan(words.join("").length);
  });

  it("give every text back, and begin a prompt once", () => {
    for (const text of [...TEXTS, "\u0000\t\r\n ~ÿ", "ὀδύσσεια"])
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    expect(tokenizer.encodePrompt("The")[0]).toBe(BEGIN_TOKEN);
    expect(tokenizer.encodePrompt("The").filter((token) => token === BEGIN_TOKEN)).toHaveLength(1);
    expect(tokenizer.vocabularySize).toBe(pairs.tokens.length + 2);
  });

  it("take a name as one token wherever it stands", async () => {
    const named = await mkdtemp(join(tmpdir(), "tokenizer-"));
    await writeTokenizer(named, pairs, 64, ["silent night", "Zoë Xu"]);
    const knowing = await loadTokenizer(named, [END_TOKEN]);
    const first = 2 + pairs.tokens.length;
    expect(knowing.vocabularySize).toBe(first + 2);
    const text = "Zoë Xu's silent night,Zoë Xu";
    const tokens = knowing.encode(text);
    expect(tokens.filter((token) => token >= first)).toEqual([first + 1, first, first + 1]);
    expect(knowing.decode(tokens)).toBe(text);
    await rm(named, { recursive: true });
  });

  it("write a chat as its texts, one after the other", () => {
    const chat = tokenizer.encodePrompt([
      { role: "system", content: "The silent" },
      { role: "user", content: " night" },
    ]);
    expect(chat).toEqual(tokenizer.encode("The silent night", { special: true }));
    expect(tokenizer.encodePrompt("The silent night")).toEqual(chat);
  });

  it("are the same bytes each time, padded on the left", async () => {
    const again = await mkdtemp(join(tmpdir(), "tokenizer-"));
    await writeTokenizer(again, trainBytePairs(TEXTS, 320), 64);
    for (const file of ["tokenizer.json", "tokenizer_config.json"]) {
      expect(await readFile(join(again, file), "utf8")).toBe(await readFile(join(folder, file), "utf8"));
    }
    expect(await readFile(join(folder, "tokenizer_config.json"), "utf8")).toContain('"padding_side": "left"');
    await rm(again, { recursive: true });
  });
});
