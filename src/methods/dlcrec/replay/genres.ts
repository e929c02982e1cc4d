import type { InstructionRecord } from "../../../data/readers/dlcrec.js";
import { controlError } from "../../../metrics/lists/control.js";
import { parseFuture, parseGenres } from "../parse.js";
import { parseTrail } from "../trail.js";
import type { OutputFile } from "./files.js";

const K = 10;
const TRAIL = 20;

/** How well GP keeps to the asked number, and how many of the true genres it names. */
export interface GpReplay {
  /** Mean |different genres named - N|. */
  readonly controlError: number;
  /** Share of cases with exactly N different genres. */
  readonly obeyed: number;
  /** Mean share of the true list's genres that are named (among all that were). */
  readonly recall: number;
}

/** Scores a file of GP's answers. */
export function replayGp(file: OutputFile, records: readonly InstructionRecord[]): GpReplay {
  let [error, obeyed, recall] = [0, 0, 0];
  for (const { predict, output } of records) {
    const named = parseGenres(predict ?? "");
    const truth = parseGenres(output);
    const off = controlError(file.genres ?? truth.length, named.length);
    error += off;
    if (off === 0) obeyed++;
    recall += truth.filter((genre) => named.includes(genre)).length / truth.length;
  }
  const cases = records.length;
  return { controlError: error / cases, obeyed: obeyed / cases, recall: recall / cases };
}

/** The answers of one file of GF: scores under the published names, and cases whose trail does not parse. */
export interface GfReplay {
  readonly scores: Readonly<Record<string, number>>;
  readonly unparsed: number;
}

/**
 * Scores a file of GF's answers as published: MAE and RECALL of the different genres against the true list's, RECALL_LIST
 * of genres with repeats, and, where GP's answer was put into the instruction, MAE_GP and RECALL_GP against that. An
 * answer that is no trail of twenty places adds 0 to every score and counts as a case (so their MAE flatters it). Its
 * NDCG goes through a set, whose order means nothing: left out.
 */
export function replayGf(file: OutputFile, records: readonly InstructionRecord[]): GfReplay {
  const sums: Record<string, number> = {};
  let unparsed = 0;
  for (const record of records) {
    const trail = parseTrail(record.predict ?? "");
    if (trail.length !== TRAIL) {
      unparsed++;
      continue;
    }
    const genres = trail.slice(-K).map(({ genre }) => genre);
    const truth = parseFuture(record.output, TRAIL - K, K).values.map((entry) => entry?.genre ?? "");
    const add = (name: string, value: number) => (sums[name] = (sums[name] ?? 0) + value);
    const named = [...new Set(genres)];
    const asked = file.genres ?? new Set(truth).size;
    add("MAE", controlError(asked, named.length));
    add("RECALL", named.slice(0, asked).filter((genre) => truth.includes(genre)).length / asked);
    add(
      "RECALL_LIST",
      named.reduce((sum, genre) => sum + Math.min(count(genres, genre), count(truth, genre)), 0) / K,
    );
    const bracket = record.controlled === null ? null : /\[(.*?)\]/.exec(record.controlled);
    if (bracket === null) continue;
    const given = bracket[1].split(", ");
    add("MAE_GP", controlError(given.length, named.length));
    add(
      "RECALL_GP",
      named.slice(0, given.length).filter((genre) => given.includes(genre)).length / given.length,
    );
  }
  const scores = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / records.length]));
  return { scores, unparsed };
}

function count(list: readonly string[], genre: string): number {
  return list.filter((one) => one === genre).length;
}
