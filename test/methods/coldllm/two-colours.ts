import { Random } from "../../../src/core/random.js";
import type { LanguageModel } from "../../../src/llm/language-model.js";
import type { RunContext } from "../../../src/recommenders/recommender.js";
import type { ColdStartTraining } from "../../../src/tasks/cold-start.js";
import { ScriptedModel } from "../../llm/scripted-model.js";
import { matrixOf, trainingOf } from "../../recommenders/support.js";

/** Users who like red (even numbers) or blue items; items 12 to 15 are cold, and their titles tell their colour. */
export function twoColours(): ColdStartTraining {
  const random = Random.fromSeed("colours");
  const rows = Array.from({ length: 16 }, (_, user) =>
    Array.from({ length: 16 }, (_, item) =>
      item < 12 && item % 2 === user % 2 && random.uniform() < 0.7 ? 1 : 0,
    ),
  );
  const train = trainingOf(matrixOf(rows));
  const titles = train.items.keys.map(
    (_, item) => `${item % 2 === 0 ? "red" : "blue"} ${String.fromCharCode(97 + item)}`,
  );
  return { ...train, items: { ...train.items, titles } };
}

/** A run with this language model. */
export const lend = (context: RunContext, model: LanguageModel): RunContext => ({
  ...context,
  llm: () => Promise.resolve(model),
});

/** Yes where the history names the target's colour. A text's vector counts its colours, and a little of its length. */
export const colourJudge = () =>
  new ScriptedModel({
    judge: (prompt) => {
      const [history, question] = prompt.split("\n");
      const colour = /red|blue/.exec(question)![0];
      return history.includes(colour) ? [-0.1, -3] : [-3, -0.1];
    },
    vector: (text) => [
      text.split("red").length,
      text.split("blue").length,
      (text.charCodeAt(text.length - 2) % 7) / 50,
    ],
  });
