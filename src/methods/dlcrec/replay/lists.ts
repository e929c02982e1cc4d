import type { Catalogue, InstructionRecord } from "../../../data/readers/dlcrec.js";
import {
  dlcrecDiversity,
  dlcrecHitRate,
  dlcrecMatch,
  dlcrecNdcg,
  dlcrecRepetition,
} from "../../../metrics/compat/dlcrec.js";
import { controlError } from "../../../metrics/lists/control.js";
import { DataError } from "../../../core/errors.js";
import type { Grounder } from "../grounding.js";
import { parseFuture, parseTitles } from "../parse.js";
import { parseTrail } from "../trail.js";
import type { OutputFile } from "./files.js";

const K = 10;

/**
 * What DLCRec's code grounds where an answer has no title, or one of the history's: the text "NaN", which becomes whatever
 * item is nearest to it.
 */
const NOTHING = "NaN";

/** The answers of one published file of lists, scored as published. */
export interface ListReplay {
  /** Titles that the model wrote (at most ten a case). */
  readonly titles: number;
  /** Those that are an item's, letter for letter. */
  readonly exact: number;
  /** Places without a title: the answer is too short or does not parse. */
  readonly missing: number;
  /** Titles that the case's history has. */
  readonly fromHistory: number;
  /** Items of each case; the item nearest to "NaN" where there is no title. */
  readonly lists: readonly Int32Array[];
  /** Means over all cases, under the published names. */
  readonly scores: Readonly<Record<string, number>>;
}

/** A list of titles taken from an answer, with the genres that stand beside them. */
interface Answered {
  readonly titles: (string | null)[];
  /** Empty for BIGRec, which writes no genres. */
  readonly genres: readonly string[];
  readonly missing: number;
  readonly fromHistory: number;
}

/**
 * Grounds and scores the lists of a file. For files of IP a title that occurs in the input counts as none, as published;
 * for BIGRec's it does not.
 * @throws DataError BAD_RECORD where a file has no answers, or a true title is not in the catalogue.
 */
export function replayLists(
  file: OutputFile,
  records: readonly InstructionRecord[],
  { genres }: Catalogue,
  grounder: Grounder,
): ListReplay {
  const mainGenre = (item: number) => genres[item][0];
  const genreNumbers = new Map([...new Set(genres.map(([main]) => main))].map((name, n) => [name, n]));
  const sums: Record<string, number> = {};
  const counts = { titles: 0, exact: 0, missing: 0, fromHistory: 0 };
  const lists = records.map((record, index) => {
    const answered = answerOf(file, record, index);
    const wanted = targetsOf(file, record, index, grounder);
    const own = answered.titles.filter((title) => title !== null && title !== NOTHING);
    counts.titles += own.length + answered.fromHistory;
    counts.missing += answered.missing;
    counts.fromHistory += answered.fromHistory;
    counts.exact += own.filter((title) => title !== null && grounder.find(title) !== undefined).length;
    const { items } = grounder.ground(answered.titles);
    const list = Array.from(items, mainGenre);
    const cov = new Set(list).size;
    const relevant = new Set(wanted.items);
    const add = (name: string, value: number) => (sums[name] = (sums[name] ?? 0) + value);
    add("NDCG", dlcrecNdcg(items, relevant, K));
    add("HR", dlcrecHitRate(items, relevant, K));
    add("REP_RATE", dlcrecRepetition(items, K));
    add(
      "DIV",
      dlcrecDiversity(items, (item) => [genreNumbers.get(mainGenre(item))!]),
    );
    add("COV", cov);
    add("MAE_COV", controlError(file.genres ?? new Set(wanted.genres).size, cov));
    if (file.kind === "ip") {
      add("MATCH_T", dlcrecMatch(list, wanted.genres, K));
      add("MATCH_P", dlcrecMatch(list, answered.genres, K));
    }
    return items;
  });
  const scores = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / records.length]));
  return { ...counts, lists, scores };
}

function answerOf(file: OutputFile, { input, predict }: InstructionRecord, index: number): Answered {
  if (predict === null) throw badRecord(file, index, "no answer (predict)");
  if (file.kind === "bigrec") {
    const { values, missing } = parseTitles(predict, K);
    return { titles: values.map((title) => title ?? NOTHING), genres: [], missing, fromHistory: 0 };
  }
  const { values, missing } = parseFuture(predict, parseTrail(input).length - K, K);
  let fromHistory = 0;
  const titles = values.map((entry) => {
    if (entry === null) return NOTHING;
    // As published: any occurrence of the title in the text of the input.
    if (!input.includes(entry.title)) return entry.title;
    fromHistory++;
    return NOTHING;
  });
  return { titles, genres: values.map((entry) => entry?.genre ?? ""), missing, fromHistory };
}

/** The true list: items and, for trails, their genres. */
function targetsOf(
  file: OutputFile,
  { output }: InstructionRecord,
  index: number,
  grounder: Grounder,
): { items: number[]; genres: string[] } {
  const trail = file.kind === "bigrec" ? [] : parseTrail(output).slice(-K);
  const titles = file.kind === "bigrec" ? parseTitles(output, K).values : trail.map(({ title }) => title);
  const items = titles.map((title) => {
    const item = title === null ? undefined : grounder.find(title);
    if (item === undefined)
      throw badRecord(file, index, `the true title ${String(title)} is not in the catalogue`);
    return item;
  });
  return { items, genres: trail.map(({ genre }) => genre) };
}

function badRecord({ path }: OutputFile, index: number, message: string): DataError {
  return new DataError("BAD_RECORD", message, { file: path, line: index + 1 });
}
