import type OpenAI from "openai";
import type { ChatCompletionCreateParamsNonStreaming } from "openai/resources/chat/completions";
import { InterruptedError } from "../../core/errors.js";
import { type CallContext, charge, type ChatMessage, type Usage } from "../language-model.js";
import { parseAnswer, type RemoteAnswer } from "./answer.js";
import { AttemptFailure, failureOf } from "./failure.js";
import type { RemoteOptions } from "./options.js";
import { costOf } from "./price.js";

/** What is asked of a server: the part of the chat protocol that common servers share. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  readonly limit: number;
  readonly temperature: number;
  readonly top_p?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly logprobs?: boolean;
  readonly top_logprobs?: number;
}

/** One server: sends single requests, tries again where that may help, counts what is spent. */
export class ChatClient {
  private readonly key: string | undefined;
  private client: OpenAI | undefined;
  /** Newer models of OpenAI's refuse `max_tokens`. */
  private limitName: "max_tokens" | "max_completion_tokens" = "max_tokens";
  private readonly warned = new Set<string>();
  /** Dollars so far. */
  spent = 0;

  constructor(private readonly options: RemoteOptions) {
    const { baseUrl, environment = process.env } = options;
    const isOpenAI = new URL(baseUrl).hostname === "api.openai.com";
    this.key = environment.LLMREC_API_KEY ?? (isOpenAI ? environment.OPENAI_API_KEY : undefined);
  }

  /** @throws AttemptFailure where every try failed, InterruptedError. */
  async call(request: ChatRequest, context: CallContext): Promise<{ answer: RemoteAnswer; usage: Usage }> {
    const { default: pRetry } = await import("p-retry");
    const { retries = 5, backoffSeconds = 1 } = this.options;
    const answered = await pRetry(() => this.attempt(request, context), {
      retries,
      factor: 2,
      minTimeout: backoffSeconds * 1000,
      maxTimeout: 60_000,
      signal: context.signal,
      shouldRetry: (error) => error instanceof AttemptFailure && error.retriable,
      onFailedAttempt: async (error) => {
        if (context.signal.aborted) throw new InterruptedError();
        if (error instanceof AttemptFailure && error.retriable && error.retriesLeft > 0) {
          await pause(error.waitSeconds * 1000, context.signal);
        }
      },
    }).catch((error: unknown) => {
      if (context.signal.aborted) throw new InterruptedError();
      throw error;
    });
    charge(context.cost, answered.usage);
    this.spent += answered.usage.usd ?? 0;
    return answered;
  }

  private async attempt(
    request: ChatRequest,
    context: CallContext,
  ): Promise<{ answer: RemoteAnswer; usage: Usage }> {
    this.client ??= await this.connect();
    const { timeoutSeconds = 120 } = this.options;
    // The client's own time-out ends with the headers; ours must cover an answer that never ends.
    const controller = new AbortController();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, timeoutSeconds * 1000);
    const stop = () => {
      controller.abort();
    };
    context.signal.addEventListener("abort", stop, { once: true });
    const began = performance.now();
    const { limitName } = this;
    try {
      const { limit, ...rest } = request;
      const body = { model: this.options.model, ...rest, [limitName]: limit };
      const completion = await this.client.chat.completions.create(
        body as ChatCompletionCreateParamsNonStreaming,
        { signal: controller.signal },
      );
      const answer = parseAnswer(completion);
      this.warnAbout(answer, context);
      const seconds = (performance.now() - began) / 1000;
      return { answer, usage: this.usageOf(request, answer, seconds) };
    } catch (error) {
      if (context.signal.aborted) throw new InterruptedError();
      const failure = failureOf(error, timedOut, this.key);
      if (limitName === "max_tokens" && failure.message.includes("max_completion_tokens")) {
        this.limitName = "max_completion_tokens";
        return await this.attempt(request, context);
      }
      throw failure;
    } finally {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", stop);
    }
  }

  private async connect(): Promise<OpenAI> {
    const { default: OpenAI } = await import("openai");
    return new OpenAI({
      baseURL: this.options.baseUrl,
      apiKey: this.key ?? "none",
      adminAPIKey: null,
      organization: null,
      project: null,
      maxRetries: 0,
      timeout: 2 ** 31 - 1,
      logLevel: "off",
    });
  }

  /** Tokens as told; where they aren't, four characters count as one. */
  private usageOf(request: ChatRequest, answer: RemoteAnswer, seconds: number): Usage {
    const characters = request.messages.reduce((sum, { content }) => sum + content.length, 0);
    const promptTokens = answer.tokens?.prompt ?? Math.ceil(characters / 4);
    const completionTokens = answer.tokens?.completion ?? Math.ceil(answer.text.length / 4);
    const usd = this.options.price ? costOf(this.options.price, promptTokens, completionTokens) : null;
    return { promptTokens, completionTokens, seconds, usd };
  }

  private warnAbout(answer: RemoteAnswer, { progress }: CallContext): void {
    const once = (key: string, message: string) => {
      if (!this.warned.has(key)) progress.warn(message);
      this.warned.add(key);
    };
    const { model } = this.options;
    if (answer.tokens === undefined) {
      once(
        "usage",
        `${this.options.model} tells no believable token counts: they are estimated from the text's length`,
      );
    }
    const served = answer.servedModel;
    // Dated versions ("name-2024-07-18") and file paths that end in the name are the same model.
    if (served !== undefined && served !== "" && !served.includes(model) && !model.includes(served)) {
      once(
        `model:${served}`,
        `asked for ${model}, but the server says that it answers with ${served.slice(0, 100)}`,
      );
    }
  }
}

/** Waits, or until the run is interrupted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
