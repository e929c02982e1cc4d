import { z } from "zod";
import { withDatabase } from "../../core/duckdb.js";
import { DataError, type ErrorPlace } from "../../core/errors.js";
import type { Dataset } from "../dataset.js";
import type { Dialogue, Turn } from "../dialogue.js";
import { yearOf } from "../film-title.js";
import { PART } from "../split.js";
import { findFile, type Source, type SourceFile } from "../source.js";
import { layoutOf } from "./delimited.js";
import { dialogueDataset } from "./dialogue-dataset.js";
import { ItemNumbers } from "./dialogue-tables.js";
import { jsonLines } from "./json-lines.js";
import { plainText } from "./plain-text.js";
import type { Reader } from "./reader.js";
import { joinSpelled, spellFilms } from "./spelled-films.js";
import { itemTable, loadKeyTable } from "./tables.js";

const TRAIN = "train_data.jsonl";
const TEST = "test_data.jsonl";

/** Films with the number of their mentions: all that are in the dialogues, so that it may be missing. */
const FILMS = "movies_with_mentions.csv";

const FILM_ID = /@(\d+)/g;

/** What is not read: the time of each message, and what the two answered about each film afterwards (suggested, seen, liked). */
const conversation = z.object({
  conversationId: z.union([z.string(), z.int()]).transform(String),
  initiatorWorkerId: z.int(),
  respondentWorkerId: z.int(),
  messages: z.array(z.object({ text: z.string(), senderWorkerId: z.int() })),
  /** Titles by id. Where there is none it is an empty list. */
  movieMentions: z.union([
    z.record(z.string(), z.string().nullable()),
    z
      .array(z.unknown())
      .length(0)
      .transform((): Record<string, string | null> => ({})),
  ]),
});

type Conversation = z.infer<typeof conversation>;

const REDIAL_NOTE =
  "ReDial: no validation file is published, the last tenth of the training file's dialogues is validation. " +
  "The catalogue is every film that a dialogue names, as in the published evaluations.";

/**
 * ReDial (Li et al., NeurIPS 2018) as published: `train_data.jsonl` and `test_data.jsonl`, a dialogue a line, and perhaps
 * `movies_with_mentions.csv`. Who began is the seeker, and the user; conversation n of the test file is called `test_n`.
 * Consecutive messages of one person are one turn, as in CRSLab's data, on which the published evaluations rest.
 */
export const redial: Reader = {
  id: "redial",
  title: "ReDial",
  files: `${TRAIN} and ${TEST}, and ${FILMS} where there is one`,
  matches: (source) => [TRAIN, TEST].every((name) => findFile(source, name) !== undefined),
  async read(source: Source, name: string): Promise<Dataset> {
    const train = await conversations(await source.open(findFile(source, TRAIN)!));
    const test = await conversations(await source.open(findFile(source, TEST)!));
    const titles = await titlesOf([...train, ...test], source);

    const users = new Map<string, number>();
    const items = new ItemNumbers();
    const filmOf = (id: string) => {
      const title = titles.get(id);
      return title === undefined ? undefined : { item: items.add(id, title), title };
    };
    const userOf = (key: string) => {
      if (!users.has(key)) users.set(key, users.size);
      return users.get(key)!;
    };
    const dialogueOf =
      (prefix: string) =>
      (one: Conversation): Dialogue => ({
        id: `${prefix}_${one.conversationId}`,
        user: userOf(String(one.initiatorWorkerId)),
        time: NaN,
        turns: turnsOf(one, filmOf),
      });
    const dialogues = [...train.map(dialogueOf("train")), ...test.map(dialogueOf("test"))];

    const validation = train.length - Math.floor(train.length / 10);
    return dialogueDataset({
      name,
      reader: redial.id,
      split: "as-published(ReDial, validation: the last tenth of the training file)",
      users: [...users.keys()],
      items: itemTable(items.keys, {
        titles: items.titles,
        attributes: { year: Float64Array.from(items.titles, yearOf) },
      }),
      dialogues,
      parts: dialogues.map((_, n) =>
        n >= train.length ? PART.test : n >= validation ? PART.validation : PART.train,
      ),
      notes: [REDIAL_NOTE],
      left: [[unknownFilms(dialogues), "mentions of films without a title: not in the catalogue"]],
    });
  },
};

/** @throws DataError `DUPLICATE_ID`, `BAD_VALUE` (a message of neither of the two) besides those of {@link jsonLines} */
async function conversations(file: SourceFile): Promise<Conversation[]> {
  const lines = new Map<string, number>();
  const read: Conversation[] = [];
  for await (const { record, line } of jsonLines(file, conversation)) {
    const place = { file: file.label, line };
    const id = record.conversationId;
    const before = lines.get(id);
    if (before !== undefined) {
      throw new DataError("DUPLICATE_ID", `conversation ${id} is also in line ${before}`, {
        ...place,
        column: "conversationId",
      });
    }
    checkSenders(record, place);
    lines.set(id, line);
    read.push(record);
  }
  return read;
}

function checkSenders(
  { messages, initiatorWorkerId, respondentWorkerId }: Conversation,
  place: ErrorPlace,
): void {
  const stranger = messages.findIndex(
    ({ senderWorkerId }) => senderWorkerId !== initiatorWorkerId && senderWorkerId !== respondentWorkerId,
  );
  if (stranger === -1) return;
  throw new DataError(
    "BAD_VALUE",
    `worker ${messages[stranger].senderWorkerId} is neither the initiator nor the respondent`,
    { ...place, column: `messages.${stranger}.senderWorkerId` },
  );
}

/** The title of each film that has one, from the dialogues or else from the list of films. */
async function titlesOf(read: readonly Conversation[], source: Source): Promise<Map<string, string>> {
  const titles = new Map<string, string>();
  const add = (id: string, title: string | null) => {
    const tidy = plainText(title ?? "");
    if (tidy !== "" && !titles.has(id)) titles.set(id, tidy);
  };
  for (const { movieMentions } of read)
    for (const [id, title] of Object.entries(movieMentions)) add(id, title);
  const list = findFile(source, FILMS);
  if (list !== undefined)
    for (const [id, title] of await listedFilms(await source.open(list))) add(id, title);
  return titles;
}

async function listedFilms(file: SourceFile): Promise<[string, string | null][]> {
  return withDatabase(async (database) => {
    const layout = await layoutOf({ file, separator: ",", quoted: true }, ["movieId", "movieName"]);
    const columns = await loadKeyTable(database, "films", layout, [
      { column: "movieId", as: "key", type: "VARCHAR" },
      { column: "movieName", as: "title", type: "VARCHAR" },
    ]);
    const titles = columns.get("title")!;
    return columns.get("key")!.map((key, row) => [key as string, titles[row] as string | null]);
  });
}

function turnsOf(
  { messages, initiatorWorkerId }: Conversation,
  filmOf: Parameters<typeof spellFilms>[2],
): Turn[] {
  const turns: Turn[] = [];
  for (const { text, senderWorkerId } of messages) {
    const role = senderWorkerId === initiatorWorkerId ? "seeker" : "recommender";
    const said = spellFilms(plainText(text), FILM_ID, filmOf);
    const last = turns.at(-1);
    if (last?.role === role) turns[turns.length - 1] = { role, ...joinSpelled(last, said) };
    else turns.push({ role, ...said });
  }
  return turns;
}

function unknownFilms(dialogues: readonly Dialogue[]): number {
  let count = 0;
  for (const { turns } of dialogues)
    for (const { mentions } of turns) for (const { item } of mentions) if (item < 0) count++;
  return count;
}
