import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import type { Dataset } from "../../../src/data/dataset.js";
import type { LanguageModel, Vectors } from "../../../src/llm/language-model.js";
import { auc } from "../../../src/metrics/ctr/auc.js";
import {
  type Augmented,
  fitAugmented,
  fitBackbone,
  type TextsOf,
} from "../../../src/methods/explainctr/augmented.js";
import { EXPLAINCTR } from "../../../src/methods/explainctr/rows.js";
import { shuffled, templateText } from "../../../src/methods/explainctr/texts.js";
import type { CtrRows } from "../../../src/tasks/ctr.js";
import { standardiser } from "../../../src/methods/explainctr/vectors.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { failureOf } from "../../data/readers/files.js";
import { ScriptedModel } from "../../llm/scripted-model.js";
import { lending, protocolOf, ratings } from "./support.js";

/** Embeds a text as its length and its number of capital As. */
class Counting extends ScriptedModel {
  override embed(texts?: readonly string[]): Promise<Vectors> {
    const all = texts ?? [];
    const data = Float32Array.from(all.flatMap((text) => [text.length, text.split("A").length - 1]));
    return Promise.resolve({ rows: all.length, width: 2, data });
  }
}

const data = ratings(20, 24, 20);
const protocol = protocolOf(data);
const { training, test } = protocol;
const cases = Array.from(test.labels, (_, n) => protocol.caseOf(n));
const quick = { embedding: 2, batchSize: 64, learningRate: 0.05, epochs: 12, patience: 12 };
const options = { backbone: "fm", training: quick, explained: 1000 } as const;

/** A planted leak: the label of each pair in its text. The data say what no case does. */
function leakOf({ interactions: { users, items, values } }: Dataset): TextsOf {
  const labels = new Map<string, number>();
  users.forEach((user, p) => labels.set(`${user}/${items[p]}`, values![p]));
  return (some) =>
    Promise.resolve(some.map(({ user, item }) => (labels.get(`${user}/${item}`) === 5 ? "AAA" : "bbb")));
}
const leaking = leakOf(data);

describe("a click-through model with texts", () => {
  it("reads them: a planted leak shows, and once texts are shuffled the model is as good as without any", async () => {
    // 600 test pairs: two standard errors of an AUC are .047.
    const many = ratings(60, 60, 50);
    const on = protocolOf(many);
    const asked = Array.from(on.test.labels, (_, n) => on.caseOf(n));
    const context = lending(new Counting({}), "leak");
    const aucOf = async (textsOf: TextsOf) => {
      const model: LanguageModel = new Counting({});
      const fitted: Augmented = await fitAugmented(on.training, model, textsOf, options, context);
      return auc(on.test.labels, await fitted.answer(asked, context));
    };
    const leak = leakOf(many);
    expect(await aucOf(leak)).toBeGreaterThan(0.95);
    const alone = await fitBackbone(on.training, options, context);
    const without = auc(on.test.labels, await alone.predict(asked));
    for (const seed of [1, 2, 3]) {
      const random = Random.fromSeed(seed);
      const mixed: TextsOf = async (some, own) => shuffled(await leak(some, own), random.fork(some.length));
      expect(Math.abs((await aucOf(mixed)) - without)).toBeLessThan(0.05);
    }
  }, 240_000);

  it("gives texts to the newest pairs alone", async () => {
    const seen: string[][] = [];
    const texts: TextsOf = (some) => {
      seen.push(some.map(({ user, item }) => `${user}/${item}`));
      return leaking(some, lending(new Counting({}), "few"));
    };
    const context = lending(new Counting({}), "few");
    const fitted = await fitAugmented(
      training,
      new Counting({}),
      texts,
      { ...options, explained: 7 },
      context,
    );
    const newestOf = ({ users, items, times }: CtrRows) =>
      [...times.keys()]
        .sort((a, b) => times[b] - times[a])
        .slice(0, 7)
        .map((row) => `${users[row]}/${items[row]}`);
    expect(seen.map((pairs) => [...pairs].sort())).toEqual([
      newestOf(training.rows).sort(),
      newestOf(training.validation).sort(),
    ]);
    expect((await fitted.answer(cases, context)).every((p) => p >= 0 && p <= 1)).toBe(true);
    const without = await fitted.predict(
      cases,
      cases.map(() => ""),
      context,
    );
    expect(without.every((p) => p > 0 && p < 1)).toBe(true);
  }, 240_000);

  it("refuses options that the backbone hasn't, before anything is asked", async () => {
    const model = new Counting({});
    const row = EXPLAINCTR.find(({ id }) => id === "expctr-aug-untrained")!;
    const given = resolveOptions(row, { backbone: "lr", training: { embedding: 4 } });
    const failure = await failureOf(row.fit(training, given, lending(model, row.id)));
    expect(failure).toMatchObject({ exit: 2, code: "BAD_OPTION" });
    expect(model.asked).toEqual([]);
  });
});

describe("texts", () => {
  it("are each given to another case", () => {
    const texts = ["a", "b", "c", "d", "e"];
    const out = shuffled(texts, Random.fromSeed(1));
    expect([...out].sort()).toEqual(texts);
    out.forEach((text, n) => {
      expect(text).not.toBe(texts[n]);
    });
    expect(shuffled(["a"], Random.fromSeed(1))).toEqual(["a"]);
  });

  it("by rule name the most similar liked and disliked items", () => {
    const items = {
      ...data.items,
      categoryNames: ["x", "y", "z"],
      categories: [[0, 1], [0], [0, 1], [2], [2]],
    };
    const one = { user: 0, item: 0, liked: Int32Array.of(1, 2), disliked: Int32Array.of(3, 4) };
    expect(templateText(items, one)).toBe(
      'The user liked "Title of i2" (x, y), which is much alike; the user disliked "Title of i3" (z), which has nothing in common.',
    );
    const nobody = { ...one, liked: new Int32Array(0), disliked: new Int32Array(0) };
    expect(templateText(items, nobody)).toBe("Nothing is known of the user.");
  });

  it("have vectors of mean 0 and length 1 on average in training, constant dimensions 0", () => {
    const scale = standardiser({ rows: 2, width: 2, data: Float32Array.of(1, 7, 3, 7) });
    const { data: scaled } = scale({ rows: 2, width: 2, data: Float32Array.of(1, 7, 5, 9) });
    expect(Array.from(scaled)).toEqual([-Math.SQRT1_2, 0, 3 * Math.SQRT1_2, 0].map(Math.fround));
    const random = Random.fromSeed(3);
    const many = { rows: 50, width: 8, data: Float32Array.from(random.normals(400), (x, n) => 5 + n * x) };
    const squares = standardiser(many)(many).data.reduce((sum, x) => sum + x * x, 0);
    expect(squares / many.rows).toBeCloseTo(1, 5);
  });
});

describe("rows", () => {
  it("all answer with probabilities from their own texts", async () => {
    for (const row of EXPLAINCTR.filter(({ id }) =>
      /^expctr-aug-(untrained|prompt|template|title|content)$/.test(id),
    )) {
      const model = new Counting({ reply: (prompt) => prompt.slice(-30, -16) });
      const context = lending(model, row.id);
      const given = resolveOptions(row, { ...options, training: { ...quick, epochs: 1 } });
      const answers = await (await row.fit(training, given, context)).answer(cases, context);
      expect(answers.length).toBe(cases.length);
      expect(answers.every((p) => p >= 0 && p <= 1)).toBe(true);
      expect(model.asked.length > 0, row.id).toBe(row.id === "expctr-aug-untrained");
    }
  }, 240_000);
});
