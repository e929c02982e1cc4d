import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { UsageError } from "../core/errors.js";
import { fileError } from "../core/files.js";

/**
 * Reads and checks a YAML descriptor against a schema, or against the one that suits its fields.
 * @throws UsageError `BAD_DESCRIPTOR` with the line (broken YAML) or the field's path
 */
export async function readYaml<T>(
  path: string,
  schema: z.ZodType<T> | ((document: object) => z.ZodType<T>),
): Promise<T> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw fileError(error, path);
  });
  const { LineCounter, parseDocument } = await import("yaml");
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  if (document.errors.length > 0) {
    const [error] = document.errors;
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw new UsageError("BAD_DESCRIPTOR", error.message.split("\n")[0].replace(/ at line .*$/, ""), {
      file: path,
      line,
      column: col,
      cause: error,
    });
  }
  const content: unknown = document.toJS();
  const suited =
    typeof schema === "function"
      ? schema(content !== null && typeof content === "object" ? content : {})
      : schema;
  const result = suited.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const node = document.getIn(issue.path, true) as { range?: [number, number, number] } | undefined;
  throw new UsageError("BAD_DESCRIPTOR", `${issue.path.join(".") || "the descriptor"}: ${issue.message}`, {
    file: path,
    line: node?.range === undefined ? undefined : lineCounter.linePos(node.range[0]).line,
    hint: "docs/datasets.md describes the fields.",
  });
}
