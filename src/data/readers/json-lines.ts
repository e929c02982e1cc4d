import { z } from "zod";
import { DataError } from "../../core/errors.js";
import type { SourceFile } from "../source.js";
import { linesOf, readHead } from "./head.js";

/**
 * The records of a JSON lines file with their line numbers, each checked; empty lines are skipped.
 * @throws DataError `BAD_JSON` or `BAD_VALUE` with file, line and the field, `EMPTY_FILE`
 */
export async function* jsonLines<T>(
  file: SourceFile,
  schema: z.ZodType<T>,
): AsyncGenerator<{ record: T; line: number }> {
  await readHead(file);
  for await (const { line, number } of linesOf(file)) {
    if (line.trim() === "") continue;
    const place = { file: file.label, line: number };
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw new DataError("BAD_JSON", "this line is no JSON value", {
        ...place,
        hint: "Each line is one JSON value of its own.",
        cause,
      });
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new DataError("BAD_VALUE", issue.message, {
        ...place,
        column: issue.path.join(".") || undefined,
      });
    }
    yield { record: parsed.data, line: number };
  }
}
