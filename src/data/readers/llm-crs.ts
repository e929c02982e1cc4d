import { basename } from "node:path";
import { z } from "zod";
import { DataError } from "../../core/errors.js";
import type { RecordedAnswer, RecordedAnswers } from "../recorded-answers.js";
import { findFile, type Source } from "../source.js";
import { jsonLines } from "./json-lines.js";

/** Answers whose nearest title is farther than this were dropped by those who published them. */
const NEAR = 2;

const ENDING = "_general.jsonl";

const evaluationTurn = z.object({ dialog_id: z.string(), turn_id: z.string() });

const record = z.object({
  index: z.int().min(0),
  resp: z.object({ usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int() }) }),
  rec_list: z.array(
    z.object({ movie_name: z.string(), min_edit_distance: z.number(), nearest_movie: z.string() }),
  ),
});

/**
 * The answers published with "Large Language Models as Zero-Shot Conversational Recommenders" (He et al., CIKM 2023): folder
 * `llm-crs/` with `test.jsonl`, the turns that were asked about, and `outputs/MODEL_general.jsonl`, a record a turn in that
 * order. What the records say of the right answer is not read.
 * @throws DataError `MISSING_FILE` (answers without their turns), `BAD_VALUE` (a record of no turn, or of one that had one)
 */
export async function readLlmCrs(source: Source): Promise<RecordedAnswers[]> {
  const outputs = source.names.filter((name) => name.includes("llm-crs/outputs/") && name.endsWith(ENDING));
  if (outputs.length === 0) return [];
  const turnFile = findFile(source, "llm-crs/test.jsonl");
  if (turnFile === undefined) {
    throw new DataError(
      "MISSING_FILE",
      "llm-crs/outputs/ holds answers, but llm-crs/test.jsonl is not there",
      {
        file: source.label,
        hint: "It says which turn each answer belongs to.",
      },
    );
  }
  const turns: string[] = [];
  for await (const { record } of jsonLines(await source.open(turnFile), evaluationTurn))
    turns.push(`${record.dialog_id}#${record.turn_id.replace(/^.*_/, "")}`);

  const recorded: RecordedAnswers[] = [];
  for (const output of outputs.sort()) {
    const file = await source.open(output);
    const byTurn = new Map<string, RecordedAnswer>();
    for await (const { record: one, line } of jsonLines(file, record)) {
      const turn = turns.at(one.index);
      if (turn === undefined || byTurn.has(turn)) {
        const why = turn === undefined ? `there is no turn ${one.index}` : `turn ${one.index} had a record`;
        throw new DataError("BAD_VALUE", why, { file: file.label, line, column: "index" });
      }
      byTurn.set(turn, {
        texts: one.rec_list.map(({ movie_name }) => movie_name),
        titles: one.rec_list.map(({ nearest_movie, min_edit_distance: distance }) =>
          distance <= NEAR ? nearest_movie : "",
        ),
        promptTokens: one.resp.usage.prompt_tokens,
        completionTokens: one.resp.usage.completion_tokens,
      });
    }
    recorded.push({ model: basename(output, ENDING), byTurn });
  }
  return recorded;
}
