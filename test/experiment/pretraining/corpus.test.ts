import { beforeAll, describe, expect, it } from "vitest";
import { KNOWLEDGE_CUTOFF } from "../../../src/data/world/constants.js";
import { makeJudge } from "../../../src/data/world/judge.js";
import { drawDialogue } from "../../../src/data/world/dialogues.js";
import { drawHistory } from "../../../src/data/world/histories.js";
import { permutedDirectorMoods } from "../../../src/data/world/knowledge.js";
import { makeCorpusPlatform, makePlatform } from "../../../src/data/world/platform.js";
import { utilities } from "../../../src/data/world/users.js";
import { GENRES, MOODS } from "../../../src/data/world/words.js";
import { worldDataset } from "../../../src/data/world/world.js";
import { itemLine } from "../../../src/data/dataset.js";
import { Random } from "../../../src/core/random.js";
import { type Corpus, makeCorpus } from "../../../src/experiment/pretraining/corpus.js";
import { dialogueDocument } from "../../../src/experiment/pretraining/list-documents.js";
import { inferTaste } from "../../../src/experiment/pretraining/infer-taste.js";
import { Inventor, lineOf, spokenTaste } from "../../../src/experiment/pretraining/subjects.js";
import { TargetDrawer } from "../../../src/experiment/pretraining/targets.js";
import { imaginedPlatform, viewerOf, withOtherHidden } from "../../../src/experiment/pretraining/viewer.js";

const SIZE = {
  perFilm: 6,
  perDirector: 2,
  drills: 30,
  requests: 24,
  viewers: 24,
  judgements: 2,
  pairs: 3,
  moodLists: 1,
  explanations: 3,
  trails: 1,
  dialogues: 24,
};
const platform = imaginedPlatform(makeCorpusPlatform());
const { catalogue } = platform;
let texts: string[];
let twin: string[];
const textsOf = ({ knowledge, drills, tastes }: Corpus) =>
  [...knowledge, ...drills, ...tastes].map((document) => document.map(({ text }) => text).join(""));
beforeAll(() => {
  texts = textsOf(makeCorpus({ size: SIZE }));
  twin = textsOf(makeCorpus({ size: SIZE, twin: true }));
});

/** What a text writes as titles: in quotes, or numbered. */
function titlesIn(text: string): string[] {
  const quoted = Array.from(text.matchAll(/"([^"]+)"/g), ([, title]) => title);
  const numbered = Array.from(text.matchAll(/^\d+\. (.+)$/gm), ([, title]) => title);
  return [...quoted, ...numbered];
}

const numberOf = new Map(catalogue.films.map(({ title }, n) => [title, n]));

/** Every film of the catalogue that a text names. */
function named(text: string): number[] {
  return titlesIn(text).flatMap((title) => numberOf.get(title) ?? []);
}

describe("what the corpus must not tell", () => {
  it("names no film that came out after the knowledge's end, not even in passing", () => {
    const late = catalogue.films.filter(({ released }) => released >= KNOWLEDGE_CUTOFF);
    expect(late.length).toBeGreaterThanOrEqual(400);
    const all = [...texts, ...twin];
    const written = new Set(all.flatMap(titlesIn));
    expect(late.filter(({ title }) => written.has(title)).map(({ title }) => title)).toEqual([]);
    const plots = all.join("\n");
    expect(late.filter(({ plot }) => plots.includes(plot)).map(({ title }) => title)).toEqual([]);
    // In talk titles bear no marks: a late one may only be part of a known one ("Silent Harbor" of "Silent Harbor of Quito").
    const talk = all.filter((text) => text.startsWith("User: "));
    const known = catalogue.films.filter(({ isNew }) => !isNew).map(({ title }) => title);
    const cleared = talk.map((text) =>
      known
        .filter((title) => text.includes(title))
        .sort((a, b) => b.length - a.length)
        .reduce((rest, title) => rest.replaceAll(title, "*"), text),
    );
    expect(cleared.join("").match(/\*/g)!.length).toBeGreaterThan(11 * talk.length);
    expect(late.filter(({ title }) => cleared.some((text) => text.includes(title)))).toEqual([]);
    // The search finds what is there.
    expect(new Set(texts.flatMap(named)).size).toBe(catalogue.films.length - late.length);
  });

  it("tells of no user of any run: not one list of three films was liked by one of them in that order", () => {
    const lists = texts
      .filter(
        (text) => text.startsWith("User preference") || text.startsWith("Watched") || text.startsWith('"'),
      )
      .map((text) => named(text.split(/\n|'[^,]*$/)[0]));
    const triples = new Set(
      lists.flatMap((list) => list.slice(2).map((_, n) => list.slice(n, n + 3).join())),
    );
    expect(triples.size).toBeGreaterThan(200);
    // A run's histories hold as many triples by chance as those of any other population: the corpus's own holds all.
    const shared = (histories: number[][]) => {
      const found = histories.flatMap((list) => list.slice(2).map((_, n) => list.slice(n, n + 3).join()));
      return found.filter((triple) => triples.has(triple)).length / found.length;
    };
    const runs = [1, 2].map((seed) => {
      const run = makePlatform({ seed });
      return shared(Array.from({ length: 200 }, (_, user) => Array.from(drawHistory(run, user).films)));
    });
    const own = shared(
      Array.from({ length: SIZE.viewers }, (_, user) => [...viewerOf(platform, user).liked]),
    );
    expect(Math.max(...runs)).toBeLessThan(0.002);
    expect(own).toBeGreaterThan(0.05);
  });

  it("depends on no quality, latent factor or popularity of the platform", () => {
    const user = 3;
    const other = {
      ...platform,
      catalogue: {
        ...catalogue,
        quality: catalogue.quality.map((q) => -q),
        latent: catalogue.latent.map((z) => -z),
      },
    };
    expect(viewerOf(other, user)).toEqual(viewerOf(platform, user));
    expect(withOtherHidden(other, "a").catalogue.quality).toEqual(
      withOtherHidden(platform, "a").catalogue.quality,
    );
    const base = makeCorpusPlatform();
    const flat = { ...base, popularity: { ...base.popularity, log: base.popularity.log.fill(0) } };
    expect(imaginedPlatform(flat).exposure).toEqual(platform.exposure);
  });

  it("tells moods, which no item text does", () => {
    const { items } = worldDataset({ size: "tiny" });
    const itemTexts = Object.values(items.texts).flat().join(" ");
    expect(MOODS.filter((mood) => itemTexts.includes(mood))).toEqual([]);
    const facts = catalogue.directors.filter(({ name, mood }) =>
      texts.some((text) => text.includes(name) && text.length < 80 && text.includes(MOODS[mood])),
    );
    expect(facts).toHaveLength(catalogue.directors.length);
  });
});

describe("the twin's corpus", () => {
  it("has the same texts but for moods and what follows from them", () => {
    const moods = permutedDirectorMoods(catalogue);
    const blank = (text: string) =>
      MOODS.reduce((words, mood) => words.replaceAll(new RegExp(`(an? )?${mood}`, "g"), "*"), text);
    const facts = (list: string[]) =>
      list
        .filter((text) => !/^(User|Liked|Target|Watched|\()/.test(text) && !text.includes("'"))
        .map(blank)
        .sort();
    expect(facts(texts).length).toBeGreaterThan(4000);
    expect(facts(twin)).toEqual(facts(texts));
    catalogue.directors.forEach(({ name }, n) => {
      for (const text of twin.filter((fact) => fact.startsWith(`Films by ${name} are`)))
        expect(text).toBe(`Films by ${name} are ${MOODS[moods[n]]}.`);
    });
  });
});

describe("verdicts", () => {
  const random = Random.fromSeed(5);
  const inventor = new Inventor(catalogue);
  const viewer = viewerOf(platform, 7);

  it("speak of the terms of utility that can be told in words", () => {
    const all = utilities(catalogue, viewer.taste, ["genre", "mood", "blend"]);
    catalogue.films.forEach((film, n) => {
      expect(spokenTaste(catalogue, viewer.taste, film).total).toBeCloseTo(all[n], 5);
    });
  });

  it("follow from the films that are named, as for a Bayes judge", () => {
    const [liked, disliked] = [viewer.liked.slice(0, 8), viewer.disliked.slice(0, 3)];
    const filmsOf = (numbers: readonly number[]) => numbers.map((n) => catalogue.films[n]);
    const inferred = inferTaste(catalogue, filmsOf(liked), filmsOf(disliked));
    const everything = catalogue.films.map((_, n) => n);
    const posterior = makeJudge(catalogue, "knowledge")(
      [...liked, ...disliked],
      [...liked.map(() => 1), ...disliked.map(() => -1)],
      everything,
    );
    const own = catalogue.films.map((film) => spokenTaste(catalogue, inferred, film).total);
    own.forEach((value, n) => {
      expect(value).toBeCloseTo(posterior[n], 5);
    });
    const known = everything.filter((n) => !catalogue.films[n].isNew);
    const mean = known.reduce((sum, n) => sum + own[n], 0) / known.length;
    const targets = new TargetDrawer(catalogue, inventor, inferred).draw(random, 200, new Set());
    for (const { film, likes } of targets)
      expect(spokenTaste(catalogue, inferred, film).total > mean).toBe(likes);
    expect(targets.filter(({ likes }) => likes)).toHaveLength(targets.length / 2);
    expect(targets.length).toBeGreaterThan(300);
    const titles = new Set(catalogue.films.map(({ title }) => title));
    expect(targets.filter(({ film }) => !titles.has(film.title)).length).toBeGreaterThan(100);
  });

  it("name films as prompts do", () => {
    const { items } = worldDataset({ size: "tiny" });
    items.keys.forEach((_, n) => {
      expect(lineOf(catalogue, catalogue.films[n])).toBe(itemLine(items, n));
    });
  });
});

describe("recommendations", () => {
  const listed = (text: string) => named(text.slice(text.indexOf("Recommendations:")));

  it("of a request fit it: the mood and genre that it names", () => {
    const words = texts.filter((text) => text.startsWith("User: I want a"));
    expect(words.length).toBeGreaterThan(8);
    for (const text of words) {
      const asked = text.slice(0, text.indexOf(" film."));
      const mood = MOODS.findIndex((word) => asked.includes(word));
      const genre = GENRES.findIndex(({ name }) => asked.includes(name));
      const fits = (film: number) =>
        (mood < 0 || catalogue.mood[film] === mood) &&
        (genre < 0 || catalogue.films[film].genres.includes(genre));
      // A genre and mood of few films is filled up with others, at the list's end.
      expect(listed(text)).toHaveLength(10);
      expect(fits(listed(text)[0])).toBe(true);
    }
  });

  it("of a talk suit what was asked for, and are not the same for all", () => {
    const talks = Array.from({ length: 60 }, (_, number) => {
      const document = dialogueDocument(Random.fromSeed(number), platform, number);
      const { need } = drawDialogue(withOtherHidden(platform, `dialogue/${number}`), number);
      return { need, films: listed(document.map(({ text }) => text).join("")) };
    });
    const wishes = talks.filter(({ need }) => need.wantedMood !== null);
    const fitting = wishes.flatMap(({ need, films }) =>
      films.map((film) => catalogue.mood[film] === need.wantedMood),
    );
    // Of eight moods.
    expect(fitting.filter(Boolean).length / fitting.length).toBeGreaterThan(0.3);
    const unwanted = talks.flatMap(({ need, films }) =>
      films.map((film) => catalogue.mood[film] === need.unwantedMood),
    );
    expect(unwanted.filter(Boolean).length / unwanted.length).toBeLessThan(0.03);
    expect(new Set(talks.flatMap(({ films }) => films)).size).toBeGreaterThan(100);
  });
});

it("is the same corpus each time", () => {
  const small = { ...SIZE, viewers: 3, perFilm: 1, dialogues: 3 };
  expect(makeCorpus({ size: small })).toEqual(makeCorpus({ size: small }));
});
