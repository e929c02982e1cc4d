import { existsSync } from "node:fs";
import { DataError, ProviderError } from "../../core/errors.js";
import { hashFile, hashOf } from "../../core/hash.js";
import {
  type CallContext,
  charge,
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
  type Vectors,
} from "../language-model.js";
import { chooseRequest, generateRequest, promptHash, type RecordedRequest } from "./request.js";
import { asRecordedCall, linesOf, parseLine } from "./store.js";

const INSTEAD = "A recording holds answers only: use a local model (embedded, hf:ORG/NAME or dir:PATH).";

const EXPECTED =
  'Expected a recording of this program, a batch output ({"custom_id": PROMPT_HASH, "response": ...}), ' +
  '{"messages": [..., {"role": "assistant", ...}]} or {"prompt": TEXT, "completion": TEXT}.';

/**
 * Answers from a file, without any model. Our own recordings are found by the whole request; answers made elsewhere by the prompt alone:
 * how they were sampled is not known here.
 */
export class ReplayModel implements LanguageModel {
  readonly contextLength = null;

  private constructor(
    private readonly file: string,
    readonly identity: ModelIdentity,
    private readonly recorded: ReadonlyMap<string, Generation | Choice>,
    private readonly foreign: ReadonlyMap<string, Generation>,
  ) {}

  /** @throws DataError with the line that can't be read, or where answers of several models are mixed. */
  static async open(file: string): Promise<ReplayModel> {
    if (!existsSync(file)) {
      throw new DataError("FILE_NOT_FOUND", "no such recording", {
        file,
        hint: "Check the path after replay:.",
      });
    }
    const recorded = new Map<string, Generation | Choice>();
    const foreign = new Map<string, Generation>();
    const models = new Map<string, ModelIdentity>();
    let number = 0;
    for await (const { text } of linesOf(file)) {
      number++;
      if (text.trim() === "") continue;
      const line = parseLine(text);
      const call = asRecordedCall(line);
      if (call !== undefined) {
        recorded.set(hashOf(call.request), call.answer);
        models.set(call.model.hash, call.model);
        continue;
      }
      const answer = readForeign(line);
      if (answer === undefined) {
        throw new DataError("BAD_RECORDING", "not a recorded answer", { file, line: number, hint: EXPECTED });
      }
      foreign.set(answer.prompt, answer.answer);
    }
    if (models.size > 1) {
      const names = [...models.values()].map(({ name }) => name).join(", ");
      throw new DataError("MIXED_RECORDING", `the file holds answers of several models: ${names}`, {
        file,
        hint: "Keep the lines of one model.",
      });
    }
    const model = models.values().next().value;
    const identity = model ?? { name: `replay of ${file}`, hash: await hashFile(file) };
    return new ReplayModel(file, identity, recorded, foreign);
  }

  supports(operation: Operation): boolean {
    return operation === "generate" || operation === "choose";
  }

  generate(
    prompts: readonly Prompt[],
    options: GenerateOptions,
    context: CallContext,
    each?: (index: number, answer: Generation) => void,
  ): Promise<Generation[]> {
    return this.answer<Generation>(
      prompts.map((prompt, i) => generateRequest(prompt, options, i)),
      context,
      each,
    );
  }

  choose(
    questions: readonly ChoiceQuestion[],
    context: CallContext,
    each?: (index: number, choice: Choice) => void,
  ): Promise<Choice[]> {
    return this.answer<Choice>(questions.map(chooseRequest), context, each);
  }

  // Asynchronous like every model, so that a missing answer is a rejection.
  // eslint-disable-next-line @typescript-eslint/require-await
  private async answer<A extends Generation | Choice>(
    requests: readonly RecordedRequest[],
    context: CallContext,
    each: ((index: number, answer: A) => void) | undefined,
  ): Promise<A[]> {
    const charged = new Set<Generation | Choice>();
    return requests.map((request, index) => {
      const answer = this.find(request);
      // As in a recorded run, a question that is asked twice at once is one call.
      if (!charged.has(answer)) charge(context.cost, answer.usage);
      charged.add(answer);
      each?.(index, answer as A);
      return answer as A;
    });
  }

  private find(request: RecordedRequest): Generation | Choice {
    const hash = promptHash(request.prompt);
    const answer =
      this.recorded.get(hashOf(request)) ?? (request.op === "generate" ? this.foreign.get(hash) : undefined);
    if (answer !== undefined) return answer;
    const begin = request.prompt.at(-1)?.content.slice(0, 60).replace(/\s+/g, " ") ?? "";
    throw new ProviderError(
      "MISSING_ANSWER",
      `no recorded answer to ${request.op} prompt ${hash} ("${begin}...")`,
      {
        file: this.file,
        hint: "Record it with the model (same prompt, same settings), or add a line for this prompt's hash.",
      },
    );
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
}

interface ForeignLine {
  custom_id?: unknown;
  response?: {
    body?: {
      choices?: { message?: { content?: unknown } }[];
      usage?: { prompt_tokens?: unknown; completion_tokens?: unknown };
    };
  };
  messages?: unknown;
  prompt?: unknown;
  completion?: unknown;
}

function readForeign(line: unknown): { prompt: string; answer: Generation } | undefined {
  if (typeof line !== "object" || line === null) return undefined;
  const { custom_id, response, messages, prompt, completion } = line as ForeignLine;
  const content = response?.body?.choices?.[0]?.message?.content;
  if (typeof custom_id === "string" && typeof content === "string") {
    return { prompt: custom_id, answer: foreignAnswer(content, response?.body?.usage) };
  }
  if (Array.isArray(messages)) {
    const turns = messages as ChatMessage[];
    const last = turns.at(-1);
    const isWhole = turns.every(
      ({ role, content: text }) => typeof role === "string" && typeof text === "string",
    );
    if (turns.length < 2 || last?.role !== "assistant" || !isWhole) return undefined;
    return { prompt: promptHash(turns.slice(0, -1)), answer: foreignAnswer(last.content) };
  }
  if (typeof prompt === "string" && typeof completion === "string") {
    return { prompt: promptHash(prompt), answer: foreignAnswer(completion) };
  }
  return undefined;
}

function foreignAnswer(
  text: string,
  usage: { prompt_tokens?: unknown; completion_tokens?: unknown } = {},
): Generation {
  const count = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0;
  return {
    text,
    finish: "stop",
    usage: {
      promptTokens: count(usage.prompt_tokens),
      completionTokens: count(usage.completion_tokens),
      seconds: 0,
      usd: null,
    },
    tokens: null,
    logProbs: null,
  };
}
