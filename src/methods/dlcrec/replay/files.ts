import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { DataError } from "../../../core/errors.js";
import { fileError } from "../../../core/files.js";

/** What a published file of answers holds. */
export type OutputKind = "gp" | "gf" | "ip" | "bigrec";

/** One published file of answers, as far as its name tells. */
export interface OutputFile {
  readonly path: string;
  readonly kind: OutputKind;
  /** As a table shows it: `IP-ND / GF-D`, `BIGRec_div`. */
  readonly label: string;
  /** The number of genres that was asked for; null where the true number was. */
  readonly genres: number | null;
}

/**
 * Takes apart the name that DLCRec's scripts give to a file of answers. Like them, it knows the asked number of genres from
 * the name alone. Null for other files.
 */
export function parseOutputName(path: string): OutputFile | null {
  const name = basename(path);
  const gp = /_(\d+)GP1000gred\.json$/.exec(name);
  if (gp !== null) return { path, kind: "gp", label: "GP", genres: Number(gp[1]) };
  const bigrec = /^BERT_BIGRec_(noCoT|CoT)_.*gred(\d+)\.json$/.exec(name);
  if (bigrec !== null) {
    const label = bigrec[1] === "CoT" ? "BIGRec_CoT" : "BIGRec_div";
    return { path, kind: "bigrec", label, genres: Number(bigrec[2]) };
  }
  const asked = /_(\d*)GF1000(?:gred)?(?:_IP1000gred)?\.json$/.exec(name);
  const stage = (letters: string) => new RegExp(`BERT_${letters}(?:_([a-z]+))?_vl`).exec(name)?.[1];
  const variant = (letters: string) => {
    const augmented = stage(letters);
    return augmented === undefined ? letters : `${letters}-${augmented.toUpperCase()}`;
  };
  if (asked === null) return null;
  const genres = asked[1] === "" ? null : Number(asked[1]);
  return name.endsWith("_IP1000gred.json")
    ? { path, kind: "ip", label: `${variant("IP")} / ${variant("GF")}`, genres }
    : { path, kind: "gf", label: variant("GF"), genres };
}

/**
 * The files of answers in a folder, by name.
 * @throws DataError FILE_NOT_FOUND, NO_OUTPUTS where it has none.
 */
export async function outputFiles(folder: string): Promise<OutputFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  const files = names
    .sort()
    .map((name) => parseOutputName(join(folder, name)))
    .filter((file) => file !== null);
  if (files.length > 0) return files;
  throw new DataError("NO_OUTPUTS", "no file here has a name that DLCRec's scripts give to answers", {
    file: folder,
    hint: "Expected names such as BERT_GP_vlGP_ep25_1e-3_5GP1000gred.json.",
  });
}

const scores = z.record(z.string(), z.record(z.string(), z.union([z.number(), z.tuple([z.number()])])));

/** Scores by metric name, as published. */
export type PublishedScores = Readonly<Record<string, number>>;

/**
 * Reads a published file of scores: for each file of answers its metrics, a number or an array of one.
 * @returns by the name of the file of answers.
 * @throws DataError FILE_NOT_FOUND, BAD_JSON, BAD_RECORD
 */
export async function readPublishedScores(path: string): Promise<Map<string, PublishedScores>> {
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
  const result = scores.safeParse(parsed);
  if (!result.success) {
    throw new DataError("BAD_RECORD", z.prettifyError(result.error), {
      file: path,
      hint: "Expected an object of objects of numbers.",
    });
  }
  return new Map(
    Object.entries(result.data).map(([file, metrics]) => [
      basename(file),
      Object.fromEntries(
        Object.entries(metrics).map(([name, value]) => [name, typeof value === "number" ? value : value[0]]),
      ),
    ]),
  );
}
