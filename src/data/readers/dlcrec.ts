import { readFile } from "node:fs/promises";
import { z } from "zod";
import { DataError } from "../../core/errors.js";
import { fileError } from "../../core/files.js";
import { decodeTwice } from "../decode-twice.js";

/** One record of an instruction file of DLCRec or BIGRec, with what a model answered where the file is an output. */
export interface InstructionRecord {
  readonly instruction: string;
  readonly input: string;
  /** The true answer. */
  readonly output: string;
  /** What a model answered; null in a file of instructions. */
  readonly predict: string | null;
  /** The instruction that the model was really given, where an earlier model's answer went into it (GF after GP). */
  readonly controlled: string | null;
}

const text = z.string().transform(decodeTwice);

const records = z.array(
  z
    .object({
      instruction: text,
      input: text,
      output: text,
      predict: z.union([text, z.array(text).length(1)]).optional(),
      control_GP: z.string().optional(),
      instruction_controlGP: z.record(z.string(), text).optional(),
    })
    .transform(
      ({
        instruction,
        input,
        output,
        predict,
        control_GP: name,
        instruction_controlGP: by,
      }): InstructionRecord => ({
        instruction,
        input,
        output,
        predict: predict === undefined ? null : typeof predict === "string" ? predict : predict[0],
        controlled: by === undefined || name === undefined ? null : (by[name] ?? null),
      }),
    ),
);

/**
 * Reads a JSON file of instructions as DLCRec, BIGRec and their replications publish them: an array of records with
 * `instruction`, `input`, `output` and, in a file of answers, `predict` (a text, or an array of one). Their catalogue was
 * UTF-8 read as Latin-1; that is undone.
 * @throws DataError FILE_NOT_FOUND, BAD_JSON, BAD_RECORD with the record's number (from 1) as the line.
 */
export async function readInstructions(path: string): Promise<InstructionRecord[]> {
  const content = await readFile(path, "utf8").catch((error: unknown) => {
    throw fileError(error, path);
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (cause) {
    throw new DataError("BAD_JSON", cause instanceof Error ? cause.message : String(cause), {
      file: path,
      cause,
    });
  }
  const result = records.safeParse(parsed);
  if (result.success) return result.data;
  const [{ path: field, message }] = result.error.issues;
  const [record, ...rest] = field;
  throw new DataError("BAD_RECORD", `${rest.length === 0 ? "" : `${rest.join(".")}: `}${message}`, {
    file: path,
    line: typeof record === "number" ? record + 1 : undefined,
    hint: "Expected a JSON array of records with the texts instruction, input and output, and in answers predict.",
  });
}

/** Titles and genres of a catalogue. */
export interface Catalogue {
  readonly titles: readonly string[];
  /** For each item its genres in the order listed; the first is its main one. */
  readonly genres: readonly (readonly string[])[];
}

/**
 * Reads a catalogue in MovieLens' form, `id::title::genre|genre` a line, in the order of the file. Quotes around a title
 * are taken off, as DLCRec's code does.
 * @throws DataError FILE_NOT_FOUND, BAD_LINE
 */
export async function readCatalogue(path: string): Promise<Catalogue> {
  const content = await readFile(path, "utf8").catch((error: unknown) => {
    throw fileError(error, path);
  });
  const rows = content.split(/\r?\n/).flatMap((line, index) => {
    if (line === "") return [];
    const fields = line.split("::");
    if (fields.length === 3) return [fields];
    throw new DataError("BAD_LINE", `"${line}" has ${fields.length} fields, not id::title::genres`, {
      file: path,
      line: index + 1,
    });
  });
  return {
    titles: rows.map(([, title]) => title.replace(/^"+|"+$/g, "")),
    genres: rows.map(([, , genres]) => genres.split("|")),
  };
}
