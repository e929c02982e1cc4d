import type { Random } from "../../core/random.js";
import type { Mention, Turn } from "../dialogue.js";
import type { Catalogue } from "./catalogue.js";
import type { DialogueFacts, Need } from "./dialogue-facts.js";
import { GENRES, MOODS } from "./words.js";

/** `{}` stands for the film or films. */
const LIKES = [
  "Hi! I loved {}.",
  "Hello, I am looking for a film. I really liked {}.",
  "Hey, can you help me find a film? {}: that is my kind of evening.",
  "Good evening. I could watch {} again and again.",
  "I need a film for tonight. Last week I saw {} and enjoyed every minute.",
  "Hi there. My favourites are {}.",
];
const QUESTIONS = [
  "What are you in the mood for?",
  "Good choice. What should it feel like tonight?",
  "I see. Is there anything you would rather avoid?",
  "Happy to help. Tell me a bit more.",
  "Noted. What kind of evening is it?",
];
const WANTED = [
  "Something {}, please.",
  "I feel like something {}.",
  "It should be {}.",
  "I want a {} film tonight.",
];
const UNWANTED = [
  "Nothing {}, please.",
  "Just not {}.",
  "I can't take anything {} right now.",
  "But no {} film.",
];
const NO_GENRE = ["No {} this time.", "But no {}, please.", "Anything but {}.", "I have had enough of {}."];
const DISLIKES = ["I did not like {}.", "{} was not for me.", "I walked out of {}.", "I never finished {}."];
const ANSWERS = [
  "Then you should watch {}.",
  "I would suggest {}.",
  "How about {}?",
  "Try {}.",
  "You might enjoy {}.",
  "{} could be right for you.",
];
const MORE = [
  "I have seen that one. Anything else?",
  "Sounds good, and one more?",
  "Maybe. What else do you have?",
  "Not tonight. Something else along those lines?",
];
const THANKS = [
  "Thanks, I will watch it!",
  "That sounds right, thank you.",
  "Perfect, thanks.",
  "Great, I will try it.",
];

/** Writes the turns: likes, a question, the need, an answer; a second round where there is a second target; thanks. */
export function writeTurns(random: Random, catalogue: Catalogue, facts: DialogueFacts): Turn[] {
  const titles = (films: readonly number[]): Part[] => listParts(catalogue, films);
  const turns = [
    turn("seeker", fill(random.pick(LIKES), titles(facts.liked))),
    turn("recommender", [random.pick(QUESTIONS)]),
    turn("seeker", sentences(needSentences(random, facts.need, titles(facts.disliked)))),
  ];
  facts.targets.forEach((target, n) => {
    if (n > 0) turns.push(turn("seeker", [random.pick(MORE)]));
    turns.push(turn("recommender", fill(random.pick(ANSWERS), titles([target]))));
  });
  turns.push(turn("seeker", [random.pick(THANKS)]));
  return turns;
}

type Part = string | { readonly item: number; readonly title: string };

function needSentences(random: Random, need: Need, disliked: Part[]): Part[][] {
  const out: Part[][] = [];
  if (need.wantedMood !== null)
    out.push(fill(withA(random.pick(WANTED), MOODS[need.wantedMood]), [MOODS[need.wantedMood]]));
  if (need.unwantedMood !== null) out.push(fill(random.pick(UNWANTED), [MOODS[need.unwantedMood]]));
  if (need.unwantedGenre !== null)
    out.push(fill(random.pick(NO_GENRE), [GENRES[need.unwantedGenre].name.toLowerCase()]));
  if (disliked.length > 0) out.push(fill(random.pick(DISLIKES), disliked));
  return out;
}

function withA(form: string, word: string): string {
  return /^[aeiou]/.test(word) ? form.replace("a {}", "an {}") : form;
}

function listParts(catalogue: Catalogue, films: readonly number[]): Part[] {
  return films.flatMap((item, n): Part[] => {
    const film = { item, title: catalogue.films[item].title };
    if (n === 0) return [film];
    return [n === films.length - 1 ? " and " : ", ", film];
  });
}

function fill(form: string, parts: readonly Part[]): Part[] {
  const [before, after] = form.split("{}");
  return [before, ...parts, after];
}

function sentences(list: readonly Part[][]): Part[] {
  return list.flatMap((parts, n) => (n === 0 ? parts : [" ", ...parts]));
}

function turn(role: Turn["role"], parts: readonly Part[]): Turn {
  let text = "";
  const mentions: Mention[] = [];
  for (const part of parts) {
    const words = typeof part === "string" ? part : part.title;
    if (typeof part !== "string")
      mentions.push({ item: part.item, start: text.length, end: text.length + words.length });
    text += words;
  }
  return { role, text, mentions };
}
