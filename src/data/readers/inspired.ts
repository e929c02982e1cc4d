import { z } from "zod";
import type { Dataset } from "../dataset.js";
import { RECOMMENDABLE, type Dialogue, type Mention, type Turn } from "../dialogue.js";
import { withoutYear } from "../film-title.js";
import { PART } from "../split.js";
import { findFile, type Source } from "../source.js";
import { dialogueDataset } from "./dialogue-dataset.js";
import { findTitle, ItemNumbers } from "./dialogue-tables.js";
import { jsonLines } from "./json-lines.js";
import { readLlmCrs } from "./llm-crs.js";
import type { Reader } from "./reader.js";
import { itemTable } from "./tables.js";

/** The files and the part that each is. */
const FILES = [
  ["train.jsonl", "train", PART.train],
  ["dev.jsonl", "dev", PART.validation],
  ["test.jsonl", "test", PART.test],
] as const;

const turns = z.array(
  z.object({
    text: z.string(),
    role: z.enum(["SEEKER", "RECOMMENDER"]),
    /** Titles with their year, as the authors of INSPIRED annotated them. */
    movie: z.array(z.string()),
    /** Those of them that are films of DBpedia, and their names, parallel. */
    movie_link: z.array(z.string()),
    movie_name: z.array(z.string()),
    /** Other things that an entity linker found, parallel; some are films too. */
    entity_link: z.array(z.string()),
    entity_name: z.array(z.string()),
  }),
);

const INSPIRED_NOTE =
  "INSPIRED: films were annotated by matching titles, so some common words count as films (Action, November). " +
  "The catalogue is the films that a recommender of any part names, as in the published evaluation.";

/**
 * INSPIRED with its films linked to DBpedia, as conversational recommenders use it: `train.jsonl`, `dev.jsonl` and
 * `test.jsonl`, a dialogue a line. Dialogue n of the test file is called `test_n`. A film that only seekers name is an item,
 * but may not be recommended. The folder `llm-crs/`, where it is there, gives language models' recorded answers.
 */
export const inspired: Reader = {
  id: "inspired",
  title: "INSPIRED with linked films",
  files: "train.jsonl, dev.jsonl and test.jsonl, and the folder llm-crs/ where there is one",
  matches: (source) => FILES.every(([name]) => findFile(source, name) !== undefined),
  async read(source: Source, name: string): Promise<Dataset> {
    const read: { id: string; turns: z.infer<typeof turns> }[] = [];
    const parts: number[] = [];
    const items = new ItemNumbers();
    const recommended = new Set<string>();
    for (const [file, prefix, part] of FILES) {
      let number = 0;
      for await (const { record } of jsonLines(await source.open(findFile(source, file)!), turns)) {
        for (const { role, movie_link, movie_name } of record) {
          movie_link.forEach((link, n) => {
            items.add(link, movie_name[n]);
            if (role === "RECOMMENDER") recommended.add(link);
          });
        }
        read.push({ id: `${prefix}_${number++}`, turns: record });
        parts.push(part);
      }
    }
    const dialogues = read.map(({ id, turns }): Dialogue => ({
      id,
      user: -1,
      time: NaN,
      turns: turns.map((turn) => ({
        role: turn.role === "SEEKER" ? "seeker" : "recommender",
        text: turn.text,
        mentions: mentionsOf(turn, items, recommended),
      })),
    }));
    const recordings = await readLlmCrs(source);
    return {
      ...dialogueDataset({
        name,
        reader: inspired.id,
        split: "as-published(INSPIRED)",
        items: itemTable(items.keys.map(keyOfLink), {
          titles: items.titles,
          attributes: {
            [RECOMMENDABLE]: Float64Array.from(items.keys, (key) => (recommended.has(key) ? 1 : 0)),
          },
        }),
        dialogues,
        parts,
        notes: [INSPIRED_NOTE],
      }),
      ...(recordings.length > 0 && { recordings }),
    };
  },
};

/** `<http://dbpedia.org/resource/Joker_(2019_film)>` is `Joker_(2019_film)`. */
function keyOfLink(link: string): string {
  return link.replace(/^<.*\/resource\//, "").replace(/>$/, "");
}

function mentionsOf(
  turn: z.infer<typeof turns>[number],
  items: ItemNumbers,
  recommended: ReadonlySet<string>,
): Turn["mentions"] {
  const { text, movie, movie_link, movie_name, entity_link, entity_name } = turn;
  const found: Mention[] = [];
  const add = (item: number, title: string, passing: boolean) => {
    const before = found.filter((mention) => mention.item === item && mention.end > 0).at(-1);
    found.push({ item, ...findTitle(text, title, before?.end), ...(passing && { passing: true }) });
  };
  movie_link.forEach((link, n) => {
    add(items.find(link), movie_name[n], false);
  });
  entity_link.forEach((link, n) => {
    if (recommended.has(link)) add(items.find(link), entity_name[n], true);
  });
  const linked = new Set(movie_name);
  for (const title of movie.map(withoutYear)) if (!linked.has(title)) add(-1, title, false);
  return found.sort((a, b) => a.start - b.start);
}
