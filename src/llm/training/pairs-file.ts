import { readFile } from "node:fs/promises";
import { z } from "zod";
import { DataError } from "../../core/errors.js";
import { fileError } from "../../core/files.js";
import type { TrainingPair } from "./batches.js";

const message = z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() });
const line = z.object({
  prompt: z.union([z.string(), z.array(message).min(1)]),
  completion: z.string().min(1),
});

/**
 * Reads pairs from a JSONL file: `{"prompt": "...", "completion": "..."}` a line; a prompt may also be a list of messages. Other fields are passed over.
 * @throws DataError naming file and line, or for a file without pairs.
 */
export async function readPairs(file: string): Promise<TrainingPair[]> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(error, file);
  });
  const pairs = text
    .split("\n")
    .flatMap((content, n) => (content.trim() === "" ? [] : [parse(content, n + 1, file)]));
  if (pairs.length === 0) throw new DataError("NO_PAIRS", "the file holds no pairs", { file, hint: HINT });
  return pairs;
}

const HINT = 'Expected on each line: {"prompt": "...", "completion": "..."}.';

function parse(content: string, number: number, file: string): TrainingPair {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new DataError("BAD_PAIR", "not JSON", { file, line: number, hint: HINT, cause: error });
  }
  const parsed = line.safeParse(value);
  if (!parsed.success) {
    throw new DataError("BAD_PAIR", z.prettifyError(parsed.error).replace(/\s+/g, " "), {
      file,
      line: number,
      hint: HINT,
    });
  }
  return parsed.data;
}
