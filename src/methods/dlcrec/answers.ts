import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { DataError } from "../../core/errors.js";
import { hashOf } from "../../core/hash.js";
import type { ArtifactFormat } from "../../core/stages.js";
import type { LanguageModel } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";
import { withAdapter } from "../../llm/local/with-adapter.js";
import type { TunedAdapter } from "./adapters.js";

/** What a model answered, by question. */
export type AnswerBook = ReadonlyMap<string, string>;

const line = z.object({ prompt: z.string(), answer: z.string() });

/** One question and its answer a line, as JSON. */
const answersFormat: ArtifactFormat<AnswerBook> = {
  file: "answers.jsonl",
  write: (path, book) =>
    writeFile(
      path,
      Array.from(book, ([prompt, answer]) => JSON.stringify({ prompt, answer }) + "\n").join(""),
    ),
  read: async (path) => {
    const lines = (await readFile(path, "utf8")).split("\n");
    const book = new Map<string, string>();
    lines.forEach((text, n) => {
      if (text.trim() === "") return;
      const parsed = line.safeParse(parseJson(text));
      if (!parsed.success) {
        throw new DataError("BAD_ANSWERS", 'expected a line like {"prompt": "...", "answer": "..."}', {
          file: path,
          line: n + 1,
        });
      }
      book.set(parsed.data.prompt, parsed.data.answer);
    });
    return book;
  },
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How a stage's questions are answered, besides the questions themselves. */
export interface AnswerRequest {
  /** The stage's name: the sub-task's. */
  readonly stage: string;
  readonly prompts: readonly string[];
  /** None: the model as it is. */
  readonly adapter: TunedAdapter | undefined;
  /** Whatever else the answers depend on, for the stage's key. */
  readonly inputs?: unknown;
  /** Answers the questions, in their order; the adapter is on. */
  readonly answer: (model: LanguageModel, prompts: readonly number[]) => Promise<string[]>;
}

/**
 * The answers to a sub-task's questions, as a stage, and the file that holds them. Equal questions are asked once (the first of them speaks for all). A file given from
 * outside may hold more questions than these.
 * @throws DataError NO_ANSWER where it lacks one.
 */
export async function answerStage(
  { stage, prompts, adapter, inputs = null, answer }: AnswerRequest,
  context: RunContext,
): Promise<{ answers: string[]; path: string }> {
  const first = new Map<string, number>();
  prompts.forEach((prompt, n) => {
    if (!first.has(prompt)) first.set(prompt, n);
  });
  const model = context.stages.isGiven(stage) ? undefined : await context.llm();
  const { value, path } = await context.stages.run<AnswerBook>({
    name: stage,
    version: 1,
    inputs: {
      model: model?.identity.hash ?? null,
      adapter: adapter?.key ?? null,
      inputs,
      prompts: hashOf(prompts),
    },
    format: answersFormat,
    compute: async () => {
      const asked = [...first.values()];
      const answers = await withAdapter(model!, adapter?.adapter, adapter?.path ?? "", () =>
        answer(model!, asked),
      );
      return new Map(asked.map((n, at) => [prompts[n], answers[at]]));
    },
  });
  const answers = prompts.map((prompt, n) => {
    const found = value.get(prompt);
    if (found !== undefined) return found;
    throw new DataError(
      "NO_ANSWER",
      `there is no answer to question ${n + 1} of the stage ${stage}: ${prompt.slice(0, 80)}...`,
      {
        file: path,
        hint: "The questions depend on the data, the prompts and the answers of the stages before.",
      },
    );
  });
  return { answers, path };
}
