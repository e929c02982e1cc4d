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
  type Vectors,
} from "../language-model.js";
import { callKey, type RecordingStore } from "./store.js";
import { chooseRequest, generateRequest, type RecordedRequest } from "./request.js";

/**
 * A model whose calls are kept: what was asked before is answered from the recording, everything else is asked once and
 * written down. An answer from the recording is charged what it cost when it was made, so a table is the same after a second run. Vectors
 * aren't recorded: they come from local models, and stages keep them.
 */
export class RecordedModel implements LanguageModel {
  constructor(
    private readonly model: LanguageModel,
    private readonly store: RecordingStore,
  ) {}

  get identity(): ModelIdentity {
    return this.model.identity;
  }

  get contextLength(): number | null {
    return this.model.contextLength;
  }

  /** The model itself, for what only it can do (adapters). */
  get inner(): LanguageModel {
    return this.model;
  }

  supports(operation: Operation): boolean {
    return this.model.supports(operation);
  }

  generate(
    prompts: readonly Prompt[],
    options: GenerateOptions,
    context: CallContext,
    each?: (index: number, answer: Generation) => void,
  ): Promise<Generation[]> {
    const requests = prompts.map((prompt, i) => generateRequest(prompt, options, i));
    return this.answer<Generation>(requests, context, each, (missing, keep) => {
      const seeds = typeof options.seed === "object" ? options.seed : undefined;
      return this.model.generate(
        missing.map((i) => prompts[i]),
        {
          ...options,
          ...(seeds && { seed: missing.map((i) => seeds[i]) }),
          ...(options.excluded && { excluded: missing.map((i) => options.excluded![i]) }),
        },
        context,
        keep,
      );
    });
  }

  choose(
    questions: readonly ChoiceQuestion[],
    context: CallContext,
    each?: (index: number, choice: Choice) => void,
  ): Promise<Choice[]> {
    return this.answer<Choice>(questions.map(chooseRequest), context, each, (missing, keep) =>
      this.model.choose(
        missing.map((i) => questions[i]),
        context,
        keep,
      ),
    );
  }

  /**
   * @param ask - asks the model for some of the requests, by index; `keep` takes each answer as it comes.
   */
  private async answer<A extends Generation | Choice>(
    requests: readonly RecordedRequest[],
    context: CallContext,
    each: ((index: number, answer: A) => void) | undefined,
    ask: (missing: readonly number[], keep: (position: number, answer: A) => void) => Promise<unknown>,
  ): Promise<A[]> {
    const { identity } = this.model;
    const byKey = new Map<string, number[]>();
    requests.forEach((request, i) => {
      const key = callKey(identity.hash, request);
      const same = byKey.get(key);
      if (same === undefined) byKey.set(key, [i]);
      else same.push(i);
    });
    const answers = new Array<A>(requests.length);
    const deliver = (indices: readonly number[], answer: A) => {
      for (const index of indices) {
        answers[index] = answer;
        each?.(index, answer);
      }
    };
    const missing: number[][] = [];
    for (const indices of byKey.values()) {
      const found = await this.store.find(identity.hash, requests[indices[0]]);
      if (found === undefined) missing.push(indices);
      else {
        charge(context.cost, found.answer.usage);
        deliver(indices, found.answer as A);
      }
    }
    if (missing.length === 0) return answers;
    try {
      await ask(
        missing.map(([first]) => first),
        (position, answer) => {
          const failed = "finish" in answer && answer.finish === "error";
          if (!failed) this.store.add(identity, requests[missing[position][0]], answer);
          deliver(missing[position], answer);
        },
      );
    } finally {
      await this.store.flush();
    }
    return answers;
  }

  embed(texts: readonly string[], context: CallContext): Promise<Vectors> {
    return this.model.embed(texts, context);
  }

  encode(texts: readonly string[], context: CallContext): Promise<Vectors> {
    return this.model.encode(texts, context);
  }

  tokenEmbeddings(): Promise<Vectors> {
    return this.model.tokenEmbeddings();
  }

  tokenizer(): Promise<Tokenizer> {
    return this.model.tokenizer();
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.model.close();
  }
}
