import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { DataError } from "../../core/errors.js";
import type { SourceFile } from "../source.js";
import { readHead } from "./head.js";

/**
 * A file that is one JSON value, checked.
 * @throws DataError `BAD_JSON` with file and line, `BAD_VALUE` with file and field, `EMPTY_FILE`
 */
export async function readJsonFile<T>(file: SourceFile, schema: z.ZodType<T>): Promise<T> {
  const { bom } = await readHead(file);
  const text = (await readFile(file.path, "utf8")).slice(bom ? 1 : 0);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // Where the text ends too early the message tells no position.
    const position = /position (\d+)/.exec((cause as Error).message)?.[1];
    throw new DataError("BAD_JSON", "this is no JSON value", {
      file: file.label,
      line: text.slice(0, position === undefined ? undefined : Number(position)).split("\n").length,
      hint: "Was the download or the copy cut short? Get the file again.",
      cause,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DataError("BAD_VALUE", issue.message, {
    file: file.label,
    column: issue.path.join(".") || undefined,
  });
}
