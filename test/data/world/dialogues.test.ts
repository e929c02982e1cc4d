import { describe, expect, it } from "vitest";
import { KNOWLEDGE_CUTOFF, WORLD_START } from "../../../src/data/world/constants.js";
import { drawDialogue, makeDialogue, statedLogits } from "../../../src/data/world/dialogues.js";
import { makeTruth } from "../../../src/data/world/truth.js";
import { GENRES, MOODS } from "../../../src/data/world/words.js";
import { measureInformation } from "./dialogue-information.js";
import { mean, small } from "./support.js";

const { catalogue } = small;
const truth = makeTruth(small);
const numbers = Array.from({ length: 600 }, (_, n) => n);
const facts = numbers.map((n) => drawDialogue(small, n));
const dialogues = numbers.map((n) => makeDialogue(small, n));

describe("dialogues", () => {
  it("name the films of their facts, at the places given, and no film twice", () => {
    dialogues.forEach((dialogue, n) => {
      const { liked, disliked, targets, user, time } = facts[n];
      const mentions = dialogue.turns.flatMap((turn) => turn.mentions.map((mention) => ({ turn, mention })));
      for (const { turn, mention } of mentions)
        expect(turn.text.slice(mention.start, mention.end)).toBe(catalogue.films[mention.item].title);
      expect(mentions.map(({ mention }) => mention.item)).toEqual([...liked, ...disliked, ...targets]);
      expect(new Set(mentions.map(({ mention }) => mention.item)).size).toBe(mentions.length);
      const byRecommender = mentions.filter(({ turn }) => turn.role === "recommender");
      expect(byRecommender.map(({ mention }) => mention.item)).toEqual(targets);
      expect([dialogue.user, dialogue.time]).toEqual([user, time]);
    });
  });

  it("say what is wanted and what is not, and never tonight's genre", () => {
    dialogues.forEach((dialogue, n) => {
      const { need } = facts[n];
      const words = dialogue.turns[2].text.toLowerCase();
      const told = MOODS.map((mood, m) => (words.includes(mood) ? m : -1)).filter((m) => m >= 0);
      const moods = [need.wantedMood, need.unwantedMood].filter((mood) => mood !== null);
      expect(new Set(told)).toEqual(new Set(moods));
      expect(moods.length).toBeGreaterThan(0);
      expect(need.wantedMood === null || need.wantedMood !== need.unwantedMood).toBe(true);
      if (need.unwantedGenre !== null) {
        expect(words).toContain(GENRES[need.unwantedGenre].name.toLowerCase());
        expect(need.unwantedGenre).not.toBe(need.tonight);
      }
    });
  });

  it("contain negations, in many but not all", () => {
    const negated = facts.filter(
      ({ need }) => need.unwantedMood !== null || need.unwantedGenre !== null,
    ).length;
    expect(negated / facts.length).toBeGreaterThan(0.4);
    expect(negated / facts.length).toBeLessThan(0.8);
    expect(facts.filter(({ disliked }) => disliked.length > 0).length / facts.length).toBeGreaterThan(0.15);
  });

  it("name only films that are out, and leave at least 1,000 test cases of 4,000 dialogues", () => {
    for (const { liked, disliked, targets, month } of facts)
      for (const film of [...liked, ...disliked, ...targets])
        expect(catalogue.firstMonth[film]).toBeLessThanOrEqual(month);
    const late = facts.filter(({ time }) => time >= KNOWLEDGE_CUTOFF);
    const cases = late.reduce((sum, { targets }) => sum + targets.length, 0);
    expect((cases / facts.length) * 4000).toBeGreaterThan(1200);
    expect(Math.min(...facts.map(({ time }) => time))).toBeGreaterThanOrEqual(WORLD_START);
    expect(
      new Set(late.flatMap(({ targets }) => targets.filter((t) => catalogue.films[t].isNew))).size,
    ).toBeGreaterThan(5);
  });

  it("are drawn from the distribution that the truth gives", () => {
    const gains: number[] = [];
    const surprises: number[] = [];
    for (const n of numbers.slice(0, 300)) {
      const own = truth.dialogueTarget(n);
      expect(own.reduce((sum, p) => sum + Math.exp(p), 0)).toBeCloseTo(1, 4);
      for (const film of [...facts[n].liked, ...facts[n].disliked]) expect(own[film]).toBe(-Infinity);
      const target = own[facts[n].targets[0]];
      const entropy = -own.reduce((sum, p) => sum + (p === -Infinity ? 0 : Math.exp(p) * p), 0);
      surprises.push(-target - entropy);
      const other = truth.dialogueTarget(n + 300)[facts[n].targets[0]];
      gains.push(target - Math.max(other, -20));
    }
    // Were the targets drawn otherwise, their mean surprise would differ from the entropy. Standard error about .08.
    expect(Math.abs(mean(surprises))).toBeLessThan(0.3);
    expect(mean(gains)).toBeGreaterThan(1);
  });

  it("raise the wanted mood and lower what is ruled out", () => {
    const stated = statedLogits(catalogue, { wantedMood: 2, unwantedMood: 5, unwantedGenre: 0 });
    catalogue.films.forEach((film, n) => {
      const mood = catalogue.mood[n];
      const expected = (mood === 2 ? 1.8 : mood === 5 ? -3 : 0) - (film.genres.includes(0) ? 3 : 0);
      expect(stated[n]).toBeCloseTo(expected, 5);
    });
  });

  it("tell of the target about as much in words as by the films that are named", () => {
    const { neither, text, mentions, both } = measureInformation(small, numbers.slice(0, 100), 150);
    const [byText, byFilms] = [text - neither, mentions - neither];
    expect(byText).toBeGreaterThan(0.3);
    expect(byFilms).toBeGreaterThan(0.3);
    expect(byText / (byText + byFilms)).toBeGreaterThan(0.38);
    expect(byText / (byText + byFilms)).toBeLessThan(0.62);
    expect(both - neither).toBeGreaterThan(Math.max(byText, byFilms) + 0.2);
  });
});
