import { join } from "node:path";
import { DataError } from "../../../core/errors.js";
import { hashOf } from "../../../core/hash.js";
import { type Catalogue, readInstructions } from "../../../data/readers/dlcrec.js";
import type { ControlledListProtocol } from "../../../tasks/controlled-list-protocol.js";
import { type Sequence, type Window, Windows } from "../../../tasks/windows.js";
import type { Grounder } from "../grounding.js";
import { parseTrail } from "../trail.js";

/** History and future of a published window. */
const LENGTHS = { history: 10, future: 10 };

const FILES = {
  train: "train_1000_BERT_IP.json",
  validation: "valid_1000_BERT_IP.json",
  test: "test_1000_BERT_IP.json",
} as const;

/** Targets that a test case shares with some training window from which on the case counts as overlapping. */
const OVERLAP = 7;

/** The published windows as the task `controlled-list`. */
export interface PublishedProtocol extends ControlledListProtocol {
  /** For each test case the most of its targets that one training window holds: the published split leaks. */
  readonly overlaps: Int32Array;
  /** Which test cases overlap in seven or more. */
  readonly overlapping: Uint8Array;
}

/**
 * Reads the published training, validation and test windows (`instructions/*_1000_BERT_IP.json`), so that any recommender of
 * the task can learn from what DLCRec's models learnt from and answer what they were asked. Nothing tells which windows
 * are of one user: each has a user of its own.
 * @throws DataError of the reader; BAD_RECORD where a window has not 20 items of the catalogue.
 */
export async function readPublishedWindows(
  folder: string,
  catalogue: Catalogue,
  grounder: Grounder,
): Promise<PublishedProtocol> {
  const read = (part: keyof typeof FILES) => readWindows(join(folder, FILES[part]), grounder);
  const [train, validation, test] = [await read("train"), await read("validation"), await read("test")];
  const names = [...new Set(catalogue.genres.flat())];
  const numbers = new Map(names.map((name, genre) => [name, genre]));
  const categories = catalogue.genres.map((own) => own.map((name) => numbers.get(name)!));
  const userOf = { train: 0, validation: train.length, test: train.length + validation.length };
  const sequences = (windows: readonly Int32Array[], first: number): Sequence[] =>
    windows.map((items, n) => ({ user: first + n, items, times: null }));
  const keys = [...train, ...validation, ...test].map((_, n) => `window ${n + 1}`);
  const cases = allOf(sequences(test, userOf.test)).toArray();
  const overlaps = Int32Array.from(cases, (one) => largestOverlap(one, train));
  return {
    training: {
      users: { keys, attributes: {} },
      items: {
        keys: catalogue.titles.map((_, item) => String(item)),
        titles: catalogue.titles,
        texts: {},
        categoryNames: names,
        categories,
        attributes: {},
      },
      mainGenres: Int32Array.from(categories, ([main]) => main),
      sequences: sequences(train, userOf.train),
      windows: allOf(sequences(train, userOf.train)),
      validation: allOf(sequences(validation, userOf.validation)),
      historyLength: LENGTHS.history,
      futureLength: LENGTHS.future,
      hash: hashOf({ titles: catalogue.titles, train: train.map((items) => [...items]) }),
    },
    test: cases,
    notes: [],
    overlaps,
    overlapping: Uint8Array.from(overlaps, (shared) => (shared >= OVERLAP ? 1 : 0)),
  };
}

async function readWindows(path: string, grounder: Grounder): Promise<Int32Array[]> {
  const records = await readInstructions(path);
  const length = LENGTHS.history + LENGTHS.future;
  return records.map(({ output }, index) => {
    const items = parseTrail(output).map(({ title }) => grounder.find(title));
    if (items.length === length && items.every((item) => item !== undefined)) return Int32Array.from(items);
    throw new DataError("BAD_RECORD", `the window has not ${length} items of the catalogue`, {
      file: path,
      line: index + 1,
    });
  });
}

function allOf(sequences: readonly Sequence[]): Windows {
  const firsts = new Int32Array(sequences.length).fill(LENGTHS.history);
  return new Windows(sequences, Int32Array.from(sequences.keys()), firsts, LENGTHS);
}

function largestOverlap({ future }: Window, train: readonly Int32Array[]): number {
  const targets = new Set(future);
  return Math.max(0, ...train.map((items) => items.filter((item) => targets.has(item)).length));
}
