import { z } from "zod";
import { withDatabase } from "../../core/duckdb.js";
import type { Dataset } from "../dataset.js";
import { yearOf } from "../film-title.js";
import { PART } from "../split.js";
import { findFile, type Source } from "../source.js";
import { dialogueDataset } from "./dialogue-dataset.js";
import { readJsonFile } from "./json-file.js";
import { plainText } from "./plain-text.js";
import type { Reader } from "./reader.js";
import { RedditDialogues } from "./reddit-dialogues.js";
import { readRedditConversations } from "./reddit-rows.js";
import { itemTable } from "./tables.js";

const TITLES = "id2name.json";

/** The files of turns and the part that each is. */
const FILES = [
  ["train", PART.train],
  ["valid", PART.validation],
  ["test", PART.test],
] as const;

const REDDIT_NOTE =
  "Reddit-Movie: a program found the films in free text, and some are wrong. What several paths through a thread share is asked for " +
  "once. The catalogue is every film that a dialogue names.";

/**
 * Reddit-Movie (He et al., CIKM 2023), small or large, as published: `id2name.json` with the films' titles by IMDb id, and
 * `train.csv`, `valid.csv` and `test.csv`, a row a turn. A dialogue is a path through a thread, from the post to a last answer
 * (`conv_id`); paths of a thread share their first turns, and the recommendations of these are asked for in the first path alone.
 * Turns that are no rows come from the context of a later one: nobody is asked for them.
 */
export const redditMovie: Reader = {
  id: "reddit-movie",
  title: "Reddit-Movie",
  files: `${TITLES}, train.csv, valid.csv and test.csv`,
  matches: (source) =>
    [TITLES, ...FILES.map(([name]) => `${name}.csv`)].every((name) => findFile(source, name) !== undefined),
  async read(source: Source, name: string): Promise<Dataset> {
    const names = await readJsonFile(
      await source.open(findFile(source, TITLES)!),
      z.record(z.string(), z.string()),
    );
    const titles = new Map(
      Object.entries(names).flatMap(([id, title]): [string, string][] => {
        const tidy = plainText(title);
        return tidy === "" ? [] : [[id, tidy]];
      }),
    );
    const read = new RedditDialogues(titles);
    await withDatabase(async (database) => {
      for (const [stem, part] of FILES) {
        const file = await source.open(findFile(source, `${stem}.csv`)!);
        await readRedditConversations(database, file, (conversation) => {
          read.add(conversation, part, stem);
        });
      }
    });
    const { items, users, dialogues, parts, counts, dividedThreads } = read;
    return dialogueDataset({
      name,
      reader: redditMovie.id,
      split: "as-published(Reddit-Movie)",
      users: [...users.keys()],
      items: itemTable(items.keys, {
        titles: items.titles,
        attributes: { year: Float64Array.from(items.titles, yearOf) },
      }),
      dialogues,
      parts,
      notes: [
        REDDIT_NOTE,
        ...(dividedThreads > 0
          ? [
              `${dividedThreads} threads have paths in several parts of the published split: ` +
                "what is asked for in one part is only context in the next.",
            ]
          : []),
      ],
      left: [
        [counts.repeated, "rows repeat a turn of their conversation: left out"],
        [counts.lost, "turns are neither rows nor in a context: left out"],
        [counts.fromContext, "turns are no rows: taken from a context, nobody is asked for them"],
        [counts.shared, "turns are in an earlier path too: kept, nobody is asked for them again"],
        [counts.unknown, "mentions of films without a title: not in the catalogue"],
      ],
    });
  },
};
