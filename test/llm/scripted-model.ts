import {
  type CallContext,
  charge,
  type Choice,
  type ChoiceQuestion,
  type GenerateOptions,
  type Generation,
  type LanguageModel,
  type ModelIdentity,
  type Operation,
  type Prompt,
  type Tokenizer,
  unsupported,
  type Vectors,
} from "../../src/llm/language-model.js";

export interface Script {
  readonly hash?: string;
  readonly usd?: number;
  /** Throws when it comes to this prompt. */
  readonly failAt?: string;
  /** Gives a failed answer to this prompt. */
  readonly errorAt?: string;
  /** What to answer; default "answer to PROMPT". */
  readonly reply?: (prompt: string) => string;
  /** Log-probabilities of continuations; default those of a uniform choice. */
  readonly judge?: (prompt: string, continuations: readonly string[]) => number[];
  /** The vector of a text; without, it can't embed. */
  readonly vector?: (text: string) => number[];
}

/** A model for unit tests only: answers by a script and remembers what it was asked. */
export class ScriptedModel implements LanguageModel {
  readonly contextLength = null;
  readonly asked: string[] = [];
  readonly seeds: number[] = [];
  readonly identity: ModelIdentity;

  constructor(private readonly script: Script) {
    this.identity = { name: "scripted", hash: script.hash ?? "scripted" };
  }

  supports(operation: Operation): boolean {
    if (operation === "embed") return this.script.vector !== undefined;
    return operation === "generate" || operation === "choose";
  }

  generate(
    prompts: readonly Prompt[],
    options: GenerateOptions,
    context: CallContext,
    each?: (index: number, answer: Generation) => void,
  ): Promise<Generation[]> {
    return Promise.resolve().then(() =>
      prompts.map((prompt, index) => {
        const text = textOf(prompt);
        this.asked.push(text);
        if (typeof options.seed === "object") this.seeds.push(options.seed[index]);
        if (text === this.script.failAt) throw new Error("scripted failure");
        const failed = text === this.script.errorAt;
        const answer: Generation = {
          text: failed ? "" : (this.script.reply?.(text) ?? `answer to ${text}`),
          finish: failed ? "error" : "stop",
          usage: {
            promptTokens: text.length,
            completionTokens: 3,
            seconds: 0.5,
            usd: this.script.usd ?? null,
          },
          tokens: null,
          logProbs: null,
        };
        charge(context.cost, answer.usage);
        each?.(index, answer);
        return answer;
      }),
    );
  }

  choose(
    questions: readonly ChoiceQuestion[],
    context: CallContext,
    each?: (index: number, choice: Choice) => void,
  ): Promise<Choice[]> {
    return Promise.resolve().then(() =>
      questions.map(({ prompt, continuations }, index) => {
        const text = textOf(prompt);
        this.asked.push(text);
        const logProbs =
          this.script.judge?.(text, continuations) ??
          continuations.map(() => -Math.log(continuations.length));
        const usage = {
          promptTokens: text.length,
          completionTokens: 1,
          seconds: 0.5,
          usd: this.script.usd ?? null,
        };
        charge(context.cost, usage);
        each?.(index, { logProbs, usage });
        return { logProbs, usage };
      }),
    );
  }

  embed(texts: readonly string[], context: CallContext): Promise<Vectors> {
    const { vector } = this.script;
    if (vector === undefined) return Promise.reject(unsupported(this.identity, "embed", "It is for tests."));
    const rows = texts.map(vector);
    context.cost.addCalls({ calls: texts.length, promptTokens: 0, completionTokens: 0 });
    const data = Float32Array.from(rows.flat());
    return Promise.resolve({ rows: texts.length, width: data.length / texts.length, data });
  }

  encode(): Promise<Vectors> {
    return Promise.reject(unsupported(this.identity, "encode", "It is for tests."));
  }

  tokenEmbeddings(): Promise<Vectors> {
    return Promise.reject(unsupported(this.identity, "tokenEmbeddings", "It is for tests."));
  }

  tokenizer(): Promise<Tokenizer> {
    return Promise.reject(unsupported(this.identity, "tokenizer", "It is for tests."));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function textOf(prompt: Prompt): string {
  return typeof prompt === "string" ? prompt : prompt.map(({ content }) => content).join("\n");
}
