import { describe, expect, it } from "vitest";
import { Pipeline } from "../../../src/methods/dlcrec/pipeline.js";
import { dlcrecOptions } from "../../../src/methods/dlcrec/options.js";
import { Prompter } from "../../../src/methods/dlcrec/prompter.js";
import { separateAndChained } from "../../../src/methods/dlcrec/separate.js";
import { readTemplates } from "../../../src/methods/dlcrec/templates.js";
import type { Window } from "../../../src/tasks/windows.js";
import { answerFile, GENRES, mainGenres, runContext, TITLES, training } from "./support.js";

/** Films 0, 3, 6, 9 are Drama, 1, 4, 7, 10 Comedy, 2, 5, 8, 11 Horror. */
const windowOf = (history: number[], future: number[]): Window => ({
  ...{ user: 0, time: NaN },
  history: Int32Array.from(history),
  future: Int32Array.from(future),
  past: Int32Array.from(history),
});

describe("separate and chained stages", () => {
  // The futures' genres are Horror, Horror, Drama and Comedy, Comedy, Comedy.
  const [first, second] = [windowOf([0, 1, 4], [5, 8, 6]), windowOf([2, 3, 5], [7, 10, 1])];
  const of = ({ history }: Window) => ({ history, length: 3 });

  it("are scored by hand: each on the truth, and each on what the one before it said", async () => {
    const from = {
      gp: await answerFile((p) => [
        // Two genres are wanted: one right, and one that is none. Then one is wanted, and nothing can be read.
        [p.ask("gp", { ...of(first), count: 2 }), " Horror, Opera"],
        [p.ask("gp", { ...of(second), count: 1 }), " no idea"],
      ]),
      gf: await answerFile((p) => [
        // On the truth: the set's two genres, one place unread; then a genre that was not in the set.
        [p.ask("gf", { ...of(first), genres: [2, 0] }), " 1 Horror, 2 Drama"],
        [p.ask("gf", { ...of(second), genres: [1] }), " 1 Comedy, 2 Comedy, 3 Drama"],
        // On GP's answers: Horror alone, and the history's commonest genre, Horror too, where GP said none.
        [p.ask("gf", { ...of(first), genres: [2] }), " 1 Horror, 2 Horror, 3 Horror"],
        [p.ask("gf", { ...of(second), genres: [2] }), " 1 Horror, 2 Opera"],
      ]),
      ip: await answerFile((p) => [
        [p.ask("ip", { ...of(first), slots: [2, 2, 0] }), ' 1 Horror "Fog", 2 Horror "Jar", 3 Drama "Gap"'],
        [p.ask("ip", { ...of(second), slots: [1, 1, 1] }), ' 1 Comedy "Lip", 2 Comedy "Hut"'],
        [p.ask("ip", { ...of(first), slots: [2, 2, 2] }), ' 1 Horror "Jar", 2 Horror "Ink", 3 Horror "Cup"'],
        // GF's second and third places could not be read: Horror stands in for them, and Lip is a Horror film all the same.
        [p.ask("ip", { ...of(second), slots: [2, 2, 2] }), ' 1 Horror "Ink", 2 Horror "Lip", 3 Horror "Bay"'],
      ]),
    };
    const prompter = new Prompter(await readTemplates("trail"), {
      titles: TITLES,
      genres: GENRES,
      mainGenres,
    });
    const options = dlcrecOptions.parse({ grounding: { by: "letters" } });
    const pipeline = new Pipeline(training(), options, prompter);
    const { separate, chained, windows } = await separateAndChained(
      { pipeline, adapters: {} },
      [first, second],
      runContext("dlcrec", { from }),
    );
    expect(windows).toBe(2);
    const [one, two, three] = [1, 1 / Math.log2(3), 1 / 2];
    const ideal = one + two + three;
    const near = (value: number) => expect.closeTo(value, 12) as number;
    expect(separate).toEqual({
      // |2 - 1|, and |1 - 0|: an answer without a genre names none.
      gpError: near(1),
      gpRecall: near((1 / 2 + 0) / 2),
      // Two genres at the places of two; two at those of one.
      gfError: near((0 + 1) / 2),
      // Horror once of twice, Drama once of once; Comedy twice of thrice.
      gfRecall: near((2 / 3 + 2 / 3) / 2),
      // Fog, Gap are of their places' genres, Jar is Drama; Hut is Comedy, Lip is Horror, and a title is missing.
      ipMatch: near((2 / 3 + 1 / 3) / 2),
      ndcg: near(((one + three) / ideal + two / ideal) / 2),
      hr: near((2 / 3 + 1 / 3) / 2),
    });
    expect(chained).toEqual({
      ...{ gpError: near(1), gpRecall: near(1 / 4) },
      // The first GF does as GP said. Nothing can obey the second GP, which said nothing: off by the genre that stood in.
      gfError: near((0 + 1) / 2),
      gfRecall: near((2 / 3 + 0) / 2),
      // Ink and Cup are Horror; then Ink at the only place that GF filled.
      ipMatch: near((2 / 3 + 1 / 3) / 2),
      ndcg: near((two / ideal + three / ideal) / 2),
      hr: near((1 / 3 + 1 / 3) / 2),
    });
  });
});
