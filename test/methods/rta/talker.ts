import { CostMeter } from "../../../src/core/cost.js";
import { Random } from "../../../src/core/random.js";
import {
  charge,
  type GenerateOptions,
  type Generation,
  type LanguageModel,
  type Prompt,
  type Tokenizer,
  type Vectors,
} from "../../../src/llm/language-model.js";

const WIDTH = 8;
const VOCABULARY = 64;

const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/**
 * A language model that recommends, in this order, the films whose titles share words with what is said last: its state is the sum of
 * the embeddings of the last line's words before the list. It knows words, and counts its calls.
 */
export class Talker implements LanguageModel {
  readonly identity = { name: "talker", hash: "talker" };
  readonly calls = { generate: 0, encode: 0 };
  private readonly ids = new Map<string, number>();
  private readonly embeddings = Random.fromSeed("talker").normals(VOCABULARY * WIDTH, 1);

  constructor(
    private readonly titles: readonly string[],
    readonly contextLength: number | null = null,
  ) {}

  supports(): boolean {
    return true;
  }

  generate(
    prompts: readonly Prompt[],
    { stop = [], allowed, excluded }: GenerateOptions,
    context: { cost: CostMeter },
  ): Promise<Generation[]> {
    this.calls.generate += prompts.length;
    return Promise.resolve(
      prompts.map((prompt, n) => {
        const said = new Set(lastWords(prompt as string));
        const score = (title: string) => words(title).filter((word) => said.has(word)).length;
        const best = this.titles.filter((title) => score(title) > 0).sort((a, b) => score(b) - score(a));
        const open = allowed?.filter((title) => excluded?.[n].includes(title) !== true);
        const text = open
          ? open.sort((a, b) => score(b) - score(a))[0]
          : stop.includes("\n")
            ? ` ${best[0] ?? ""}`
            : best
                .slice(0, 2)
                .map((title, n) => `${n === 0 ? "" : `\n${n + 1}.`} ${title}`)
                .join("");
        const usage = {
          promptTokens: words(prompt as string).length,
          completionTokens: words(text).length,
          seconds: 0,
          usd: null,
        };
        charge(context.cost, usage);
        return { text, finish: "stop", usage, tokens: null, logProbs: null };
      }),
    );
  }

  choose(): never {
    throw new Error("not asked");
  }

  encode(texts: readonly string[]): Promise<Vectors> {
    this.calls.encode += texts.length;
    const data = new Float32Array(texts.length * WIDTH);
    texts.forEach((text, n) => {
      this.add(lastWords(text), data.subarray(n * WIDTH, (n + 1) * WIDTH));
    });
    return Promise.resolve({ rows: texts.length, width: WIDTH, data });
  }

  embed(texts: readonly string[]): Promise<Vectors> {
    const data = new Float32Array(texts.length * WIDTH);
    texts.forEach((text, n) => {
      this.add(words(text), data.subarray(n * WIDTH, (n + 1) * WIDTH));
    });
    return Promise.resolve({ rows: texts.length, width: WIDTH, data });
  }

  tokenEmbeddings(): Promise<Vectors> {
    return Promise.resolve({ rows: VOCABULARY, width: WIDTH, data: this.embeddings });
  }

  tokenizer(): Promise<Tokenizer> {
    const encode = (text: string) => words(text).map((word) => this.id(word));
    return Promise.resolve({
      vocabularySize: VOCABULARY,
      endTokens: [],
      hasChatTemplate: false,
      encode,
      decode: (tokens) => {
        const known = [...this.ids.keys()];
        return tokens.map((token) => known[token]).join(" ");
      },
      render: (prompt) => prompt as string,
      encodePrompt: (prompt) => encode(prompt as string),
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private id(word: string): number {
    let id = this.ids.get(word);
    if (id === undefined) this.ids.set(word, (id = this.ids.size));
    if (id >= VOCABULARY) throw new Error("too many words");
    return id;
  }

  private add(list: readonly string[], out: Float32Array): void {
    for (const word of list) {
      const id = this.id(word);
      for (let d = 0; d < WIDTH; d++) out[d] += this.embeddings[id * WIDTH + d];
    }
  }
}

/** The words of the last thing that was said, without who said it. */
function lastWords(prompt: string): string[] {
  const lines = prompt.split("\n").filter((line) => !/^(Recommendations:|1\.|")/.test(line));
  return words(
    (lines.filter((line) => line !== "").at(-1) ?? "").replace(/^(User|System): |Which film is it\?/g, ""),
  );
}
