import type { Random } from "../../core/random.js";
import type { TrainingPair } from "../../llm/training/batches.js";
import { type Frequencies, noisyGenres, noisyItems, spreadGenres, spreadItems } from "./augment.js";
import type { Augmentation, DlcrecOptions } from "./options.js";
import type { Prompter } from "./prompter.js";
import { type GenreSample, genreSample, type ItemSample, itemSample, type Sample } from "./samples.js";

/** What an adapter can be trained for. */
export const SUBTASKS = ["gp", "gf", "ip", "direct", "bigrec", "bigrecDiv", "bigrecCot"] as const;
export type Subtask = (typeof SUBTASKS)[number];

/** What a sub-task's training data are made of. */
export interface PairRequest {
  readonly subtask: Subtask;
  /** For `gf` and `ip`. */
  readonly augmentation: Augmentation;
  readonly noise: DlcrecOptions["noise"];
  readonly strict: boolean;
}

/**
 * Questions and answers that a sub-task learns from: the windows as they are, and a further copy of all of them for each augmentation.
 * Numbers and genre sets are those of the answer, so that the model learns to do as it is told.
 * @param random - for augmentation; a window's draws depend on its number alone.
 */
export function trainingPairs(
  samples: readonly Sample[],
  frequencies: Frequencies,
  { subtask, augmentation, noise, strict }: PairRequest,
  prompter: Prompter,
  random: Random,
): TrainingPair[] {
  const { genreOf } = frequencies;
  const draws = (kind: string, n: number) => random.fork(kind).fork(n);
  const copies = <T>(
    own: (sample: Sample) => T,
    noisy: (sample: Sample, n: number) => T | undefined,
    spread: (sample: Sample, n: number) => T,
  ): T[] =>
    [
      ...samples.map(own),
      ...(augmentation.includes("n") && augmentation !== "none" ? samples.map(noisy) : []),
      ...(augmentation.includes("d") ? samples.map(spread) : []),
    ].filter((sample) => sample !== undefined);
  switch (subtask) {
    case "gf":
      return copies<GenreSample>(
        (sample) => genreSample(sample, genreOf),
        (sample, n) => noisyGenres(sample, frequencies, draws("gf-n", n)),
        (sample, n) => spreadGenres(sample, frequencies, draws("gf-d", n)),
      ).map(({ history, genres, slots }) => ({
        prompt: prompter.ask("gf", { history, genres, length: slots.length }),
        completion: prompter.answerList(
          "gf",
          history,
          slots.map((genre) => ({ genre })),
        ),
      }));
    case "ip":
      return copies<ItemSample>(
        (sample) => itemSample(sample, genreOf),
        (sample, n) => noisyItems(sample, frequencies, noise, draws("ip-n", n)),
        (sample, n) => spreadItems(sample, frequencies, draws("ip-d", n), strict),
      ).map(({ history, slots, items }) => ({
        prompt: prompter.ask("ip", { history, slots, length: slots.length }),
        completion: prompter.answerList(
          "ip",
          history,
          items.map((item) => ({ item })),
        ),
      }));
    default:
      return samples.map((sample) => {
        const { history, future } = sample;
        const { genres } = genreSample(sample, genreOf);
        const question = { history, genres, count: genres.length, length: future.length };
        const completion =
          subtask === "gp"
            ? prompter.answerGenres(genres)
            : prompter.answerList(
                subtask,
                history,
                Array.from(future, (item) => ({ item })),
              );
        return { prompt: prompter.ask(subtask, question), completion };
      });
  }
}
