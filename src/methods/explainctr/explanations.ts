import { readFile, writeFile } from "node:fs/promises";
import { DataError } from "../../core/errors.js";
import { hashOf } from "../../core/hash.js";
import type { ArtifactFormat } from "../../core/stages.js";
import type { LanguageModel } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { CtrTraining } from "../../tasks/ctr.js";
import { type ExplainedCase, generationPrompt } from "./cases.js";
import type { ExplanationOptions } from "./options.js";

/** An explanation is one sentence on one line. */
export const STOP = ["\n"] as const;

/** Above this share of explanations without an end (or without a word) something is wrong with the model or the limit. */
const TOO_MANY = 0.2;

/** Whose ids explanations are kept under. */
type Ids = Pick<CtrTraining, "users" | "items">;

/** An explanation of a case. */
interface Explanation {
  /** One line without spaces around it; "" where the model had nothing to say. */
  readonly text: string;
  /** It ran into the limit of its length. */
  readonly isCut: boolean;
}

/** Explanations of cases with the key of the artifact that holds them. */
interface Explained {
  readonly explanations: readonly Explanation[];
  readonly key: string;
}

/**
 * The stage `explanations`: one greedy sentence for each case, kept by user, item and the model with its adapter. Cases whose prompts are
 * equal share one answer.
 */
export async function explain(
  train: Ids,
  cases: readonly ExplainedCase[],
  model: LanguageModel,
  { shown, maxNewTokens }: ExplanationOptions,
  context: RunContext,
): Promise<Explained> {
  const prompts = cases.map((one) => generationPrompt(train.items, one, shown));
  const { hash } = model.identity;
  const { value, key } = await context.stages.run({
    name: "explanations",
    version: 1,
    inputs: { model: hash, prompts: hashOf(prompts), maxNewTokens, cases: hashOf(cases.map(pairOf)) },
    format: explanationsFormat(train, cases, hash),
    async compute() {
      const distinct = [...new Set(prompts)];
      const answers = await model.generate(distinct, { maxNewTokens, stop: STOP }, context);
      const of = new Map(
        answers.map(({ text, finish }, n) => [
          distinct[n],
          { text: oneLine(text), isCut: finish === "length" },
        ]),
      );
      return prompts.map((prompt) => of.get(prompt) ?? { text: "", isCut: false });
    },
  });
  warnOf(value, context);
  return { explanations: value, key };
}

/** A model's answer as an explanation's text. */
export function oneLine(answer: string): string {
  return answer.split("\n", 1)[0].trim();
}

function pairOf({ user, item }: ExplainedCase): [number, number] {
  return [user, item];
}

function warnOf(explanations: readonly Explanation[], { progress }: RunContext): void {
  const share = (wanted: (one: Explanation) => boolean) =>
    explanations.filter(wanted).length / Math.max(1, explanations.length);
  const empty = share(({ text }) => text === "");
  const cut = share(({ isCut }) => isCut);
  if (empty > TOO_MANY) progress.warn(`explainctr: ${percent(empty)} of the explanations are empty`);
  if (cut > TOO_MANY) progress.warn(`explainctr: ${percent(cut)} of the explanations run to their limit`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/**
 * Explanations as JSON lines `{user, item, adapter, explanation, cut}` by external ids, in the order of the cases.
 * @param adapter - hash of the model with its adapter.
 * @throws DataError BAD_EXPLANATIONS naming the line.
 */
export function explanationsFormat(
  { users, items }: Ids,
  cases: readonly ExplainedCase[],
  adapter: string,
): ArtifactFormat<readonly Explanation[]> {
  return {
    file: "explanations.jsonl",
    write: (path, explanations) =>
      writeFile(
        path,
        explanations
          .map(({ text, isCut }, n) =>
            JSON.stringify({
              user: users.keys[cases[n].user],
              item: items.keys[cases[n].item],
              adapter,
              explanation: text,
              cut: isCut,
            }),
          )
          .map((line) => `${line}\n`)
          .join(""),
      ),
    async read(path) {
      const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
      const bad = (what: string, line: number) =>
        new DataError("BAD_EXPLANATIONS", what, { file: path, line: line + 1 });
      if (lines.length !== cases.length) {
        throw bad(`${lines.length} explanations for ${cases.length} pairs`, lines.length);
      }
      return lines.map((line, n) => {
        const found = parsed(line);
        const [user, item] = [users.keys[cases[n].user], items.keys[cases[n].item]];
        if (found === undefined) throw bad("not an explanation: {user, item, adapter, explanation, cut}", n);
        if (found.user !== user || found.item !== item) {
          throw bad(`expected the explanation of user ${user}, item ${item}`, n);
        }
        return { text: found.explanation, isCut: found.cut };
      });
    },
  };
}

interface Line {
  readonly user: string;
  readonly item: string;
  readonly explanation: string;
  readonly cut: boolean;
}

function parsed(line: string): Line | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const fields = value as Partial<Record<keyof Line, unknown>> | null;
  if (typeof fields !== "object" || fields === null) return undefined;
  const { user, item, explanation, cut } = fields;
  if (typeof user !== "string" || typeof item !== "string") return undefined;
  if (typeof explanation !== "string" || typeof cut !== "boolean") return undefined;
  return { user, item, explanation, cut };
}
