import { BudgetError, InterruptedError, ProviderError, UsageError } from "../../core/errors.js";
import { hashOf } from "../../core/hash.js";
import type { ProgressStep } from "../../core/progress.js";
import {
  type CallContext,
  type ChatMessage,
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
  type Usage,
  type Vectors,
} from "../language-model.js";
import { type RemoteAnswer, scoreContinuations } from "./answer.js";
import { ChatClient } from "./chat-client.js";
import { AttemptFailure, providerError } from "./failure.js";
import type { RemoteOptions } from "./options.js";

const INSTEAD = "A server answers prompts only: use a local model (embedded, hf:ORG/NAME or dir:PATH).";

/**
 * Any server that speaks the OpenAI chat protocol. It can generate, and choose where it gives log-probabilities. Its key comes from
 * LLMREC_API_KEY (for api.openai.com also from OPENAI_API_KEY) and appears nowhere else.
 */
export class RemoteModel implements LanguageModel {
  readonly identity: ModelIdentity;
  readonly contextLength = null;
  private readonly client: ChatClient;
  private failed = 0;

  constructor(private readonly options: RemoteOptions) {
    const { baseUrl, model, maxCost, price } = options;
    if (maxCost !== undefined && price === undefined) {
      throw new UsageError("NO_PRICE", `a cost limit needs the price of ${model}`, {
        hint: "Give dollars per million prompt and completion tokens: --price 0.15,0.60.",
      });
    }
    this.identity = { name: `${model} @ ${baseUrl}`, hash: hashOf({ kind: "openai", baseUrl, model }) };
    this.client = new ChatClient(options);
  }

  supports(operation: Operation): boolean {
    return operation === "generate" || operation === "choose";
  }

  async generate(
    prompts: readonly Prompt[],
    options: GenerateOptions,
    context: CallContext,
    each?: (index: number, answer: Generation) => void,
  ): Promise<Generation[]> {
    if (options.allowed !== undefined) {
      throw new ProviderError(
        "UNSUPPORTED_OPERATION",
        `${this.identity.name} can't be held to a list of answers`,
        {
          hint: "Use a local model (embedded, hf:ORG/NAME or dir:PATH), or answers that are matched afterwards.",
        },
      );
    }
    const temperature = options.temperature ?? 0;
    const answers = new Array<Generation>(prompts.length);
    const ask = async (index: number): Promise<void> => {
      const seed = typeof options.seed === "object" ? options.seed[index] : (options.seed ?? 0);
      const { answer, usage } = await this.client.call(
        {
          messages: messagesOf(prompts[index]),
          temperature,
          ...(temperature === 0 ? {} : { top_p: options.topP ?? 1, seed }),
          ...(options.stop && options.stop.length > 0 ? { stop: [...options.stop] } : {}),
          limit: options.maxNewTokens,
        },
        context,
      );
      answers[index] = generationOf(answer, usage, options.stop ?? []);
    };
    await this.askAll("asking", prompts.length, context, ask, (index, failure) => {
      answers[index] ??= failedGeneration(failure);
      each?.(index, answers[index]);
    });
    return answers;
  }

  async choose(
    questions: readonly ChoiceQuestion[],
    context: CallContext,
    each?: (index: number, choice: Choice) => void,
  ): Promise<Choice[]> {
    const choices = new Array<Choice>(questions.length);
    const ask = async (index: number): Promise<void> => {
      const { prompt, continuations } = questions[index];
      const { answer, usage } = await this.client.call(
        {
          messages: messagesOf(prompt),
          temperature: 1,
          logprobs: true,
          top_logprobs: 20,
          limit: 1,
        },
        context,
      );
      choices[index] = { logProbs: this.scores(continuations, answer), usage };
    };
    await this.askAll("judging", questions.length, context, ask, (index, failure) => {
      // A choice can't be left out: there is no neutral answer.
      if (failure !== undefined) throw providerError(failure, this.options.baseUrl, this.tries);
      each?.(index, choices[index]);
    });
    return choices;
  }

  private scores(continuations: readonly string[], answer: RemoteAnswer): number[] {
    const { name } = this.identity;
    const hint =
      "Use a local model (embedded, hf:ORG/NAME or dir:PATH), or a recommender that reads answers as text.";
    if (answer.firstToken === undefined) {
      throw new ProviderError("NO_LOGPROBS", `${name} gives no log-probabilities`, { hint });
    }
    const scores = scoreContinuations(continuations, answer.firstToken);
    if (scores === undefined) {
      const seen = answer.firstToken.slice(0, 3).map(({ token }) => JSON.stringify(token));
      throw new ProviderError(
        "CHOICE_NOT_SEEN",
        `${name} answers with none of ${JSON.stringify(continuations)}; it prefers ${seen.join(", ")}`,
        { hint: "Say in the prompt that only these words may be answered." },
      );
    }
    if (scores === "ambiguous") {
      throw new ProviderError(
        "CHOICES_ALIKE",
        `${JSON.stringify(continuations)} begin alike, and ${name} gives log-probabilities of the first token only`,
        { hint },
      );
    }
    return scores;
  }

  embed(): Promise<Vectors> {
    return Promise.reject(unsupported(this.identity, "embed", INSTEAD));
  }

  encode(): Promise<Vectors> {
    return Promise.reject(unsupported(this.identity, "encode", INSTEAD));
  }

  tokenEmbeddings(): Promise<Vectors> {
    return Promise.reject(unsupported(this.identity, "tokenEmbeddings", INSTEAD));
  }

  tokenizer(): Promise<Tokenizer> {
    return Promise.reject(unsupported(this.identity, "tokenizer", INSTEAD));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private get tries(): number {
    return 1 + (this.options.retries ?? 5);
  }

  /**
   * Asks everything, some at a time. A failure that stops the run lets what is under way finish first, so that answers already paid for
   * are kept.
   * @param settled - called with a failure where a prompt failed for good and may be left out.
   */
  private async askAll(
    label: string,
    count: number,
    context: CallContext,
    ask: (index: number) => Promise<void>,
    settled: (index: number, failure: AttemptFailure | undefined) => void,
  ): Promise<void> {
    const { default: PQueue } = await import("p-queue");
    const { concurrency = 4, requestsPerMinute } = this.options;
    const pace =
      requestsPerMinute === undefined ? {} : { interval: 60_000 / requestsPerMinute, intervalCap: 1 };
    const queue = new PQueue({ concurrency, ...pace });
    const step = context.progress.start(label, count);
    let done = 0;
    let stopped: unknown;
    const one = async (index: number): Promise<void> => {
      if (stopped !== undefined) return;
      try {
        this.checkBudget(context);
        settled(index, await this.outcome(() => ask(index)));
        done++;
        this.show(step, done);
      } catch (error) {
        stopped ??= error;
        queue.clear();
      }
    };
    const stop = () => {
      stopped ??= new InterruptedError();
      queue.clear();
    };
    context.signal.addEventListener("abort", stop, { once: true });
    for (let index = 0; index < count; index++) void queue.add(() => one(index));
    await queue.onIdle();
    context.signal.removeEventListener("abort", stop);
    step.end(this.options.price === undefined ? undefined : `$${this.client.spent.toFixed(4)}`);
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- whatever was caught above
    if (stopped !== undefined) throw stopped;
  }

  private show(step: ProgressStep, done: number): void {
    step.update(done, this.options.price === undefined ? undefined : `$${this.client.spent.toFixed(4)}`);
  }

  private checkBudget({ signal }: CallContext): void {
    if (signal.aborted) throw new InterruptedError();
    const { maxCost } = this.options;
    if (maxCost !== undefined && this.client.spent >= maxCost) {
      throw new BudgetError(
        "COST_LIMIT",
        `$${this.client.spent.toFixed(4)} of the allowed $${maxCost} are spent`,
        {
          hint: "The answers so far are kept: run the same command with a larger --max-cost to go on.",
        },
      );
    }
  }

  /** Undefined for an answer, the failure for one that may be left out. */
  private async outcome(ask: () => Promise<void>): Promise<AttemptFailure | undefined> {
    try {
      await ask();
      return undefined;
    } catch (error) {
      if (!(error instanceof AttemptFailure)) throw error;
      const { maxErrors = 0, baseUrl } = this.options;
      if (maxErrors === 0) throw providerError(error, baseUrl, error.retriable ? this.tries : 1);
      if (++this.failed > maxErrors) {
        throw new BudgetError("ERROR_LIMIT", `${this.failed} prompts failed; the last: ${error.message}`, {
          hint: "The answers so far are kept: run the same command again, with a larger --max-errors if need be.",
        });
      }
      return error;
    }
  }
}

function messagesOf(prompt: Prompt): readonly ChatMessage[] {
  return typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
}

function generationOf(answer: RemoteAnswer, usage: Usage, stops: readonly string[]): Generation {
  // A server may ignore the stop texts.
  const cuts = stops.map((stop) => answer.text.indexOf(stop)).filter((at) => at >= 0);
  const text = cuts.length > 0 ? answer.text.slice(0, Math.min(...cuts)) : answer.text;
  const finish = cuts.length > 0 ? "stop" : answer.finish;
  return { text, finish, usage, tokens: null, logProbs: null };
}

function failedGeneration(failure: AttemptFailure | undefined): Generation {
  if (failure === undefined) throw new Error("an answer is missing without a failure");
  const usage = { promptTokens: 0, completionTokens: 0, seconds: 0, usd: null };
  return { text: "", finish: "error", usage, tokens: null, logProbs: null };
}
