import { makeDataset, Random, type PluginDataset, type RawInteraction } from "llmrec-bench";

const SUBJECTS = ["history", "gardening", "astronomy"];

/** Readers who each like one subject, made from a seed. A real one would read files or ask a database. */
export const bookshelf: PluginDataset = {
  name: "bookshelf",
  summary: "Made-up books and readers.",
  open() {
    const random = Random.fromSeed("bookshelf");
    const items = Array.from({ length: 60 }, (_, n) => ({
      id: `b${n}`,
      title: `${String.fromCharCode(65 + (n % 26))} book of ${SUBJECTS[n % 3]}`,
      categories: [SUBJECTS[n % 3]],
    }));
    const interactions: RawInteraction[] = [];
    for (let reader = 0; reader < 80; reader++) {
      for (let book = 0; book < items.length; book++) {
        if (random.uniform() < (book % 3 === reader % 3 ? 0.4 : 0.05)) {
          interactions.push({
            user: `r${reader}`,
            item: `b${book}`,
            time: 86_400 * (interactions.length % 365),
          });
        }
      }
    }
    return Promise.resolve(
      makeDataset({ name: "bookshelf", items, interactions, notes: ["These books do not exist."] }),
    );
  },
};
