import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random.js";
import { casesOf, generationPrompt, zeroShotPrompt } from "../../../src/methods/explainctr/cases.js";
import { explain, explanationsFormat, oneLine } from "../../../src/methods/explainctr/explanations.js";
import { embedTexts } from "../../../src/methods/explainctr/vectors.js";
import { agreement, judgeExplanations } from "../../../src/methods/explainctr/judge.js";
import { EXPLAINCTR } from "../../../src/methods/explainctr/rows.js";
import { resolveOptions } from "../../../src/recommenders/registry.js";
import { folderOf, failureOf } from "../../data/readers/files.js";
import { ScriptedModel } from "../../llm/scripted-model.js";
import { lending, protocolOf, ratings } from "./support.js";

const data = ratings(8, 10, 8);
const protocol = protocolOf(data);
const { training } = protocol;
const { items } = training;
const cases = Array.from(protocol.test.labels, (_, n) => protocol.caseOf(n));
const options = { shown: 2, maxNewTokens: 5 };
const one = { user: 0, item: 3, liked: Int32Array.of(1, 2, 4), disliked: Int32Array.of() };

describe("prompts", () => {
  it("name the newest liked and disliked items and the target", () => {
    expect(generationPrompt(items, one, 2)).toBe(
      'Liked: "Title of i1", "Title of i2".\nDisliked: nothing.\nTarget: "Title of i3".\nExplanation:',
    );
    expect(zeroShotPrompt(items, one, 1)).toBe(
      'User preference: "Title of i1".\nWhether the user will like the target film "Title of i3"?',
    );
  });

  it("of test pairs stay the same when all test labels turn round", () => {
    const tested = new Set(cases.map(({ user, item }) => `${user}/${item}`));
    const { users, items: of, values } = data.interactions;
    const turned = values!.map((value, p) => (tested.has(`${users[p]}/${of[p]}`) ? 6 - value : value));
    const other = protocolOf({ ...data, interactions: { ...data.interactions, values: turned } });
    expect(Array.from(other.test.labels)).toEqual(Array.from(protocol.test.labels, (label) => 1 - label));
    cases.forEach((own, n) => {
      for (const promptOf of [generationPrompt, zeroShotPrompt])
        expect(promptOf(items, other.caseOf(n), 6)).toBe(promptOf(items, own, 6));
    });
  });

  it("of training pairs don't depend on their own labels", () => {
    const { rows } = training;
    for (const n of Random.fromSeed(3).sample(rows.users.length, 10)) {
      const [user, item] = [rows.users[n], rows.items[n]];
      const { users, items: of, values } = data.interactions;
      const turned = values!.map((value, p) => (users[p] === user && of[p] === item ? 6 - value : value));
      const other = protocolOf({ ...data, interactions: { ...data.interactions, values: turned } }).training;
      // The second is what fine-tuning learns from (llm-sft, recexplainer).
      for (const promptOf of [generationPrompt, zeroShotPrompt]) {
        const promptIn = (train: typeof training) => promptOf(items, casesOf(train, train.rows, [n])[0], 8);
        expect(promptIn(other)).toBe(promptIn(training));
      }
    }
  });
});

describe("explanations", () => {
  it("are one line, asked once for equal prompts and never again for the same model", async () => {
    const model = new ScriptedModel({ reply: () => " It is slow. \nMore." });
    const context = lending(model, "expctr-llm");
    const twice = [...cases.slice(0, 3), cases[0]];
    const first = await explain(training, twice, model, options, context);
    expect(first.explanations.map(({ text }) => text)).toEqual(Array(4).fill("It is slow."));
    expect(model.asked.length).toBe(new Set(twice.map((c) => generationPrompt(items, c, 2))).size);
    const asked = model.asked.length;
    expect(await explain(training, twice, model, options, context)).toEqual(first);
    expect(model.asked.length).toBe(asked);
    const adapted = new ScriptedModel({ hash: "adapted", reply: () => "It is fast." });
    const second = await explain(training, twice, adapted, options, context);
    expect(second.explanations[0].text).toBe("It is fast.");
    expect(oneLine("\n")).toBe("");
  });

  it("that are empty or run to their limit are warned of", async () => {
    const warnings: string[] = [];
    const context = lending(new ScriptedModel({}), "expctr-llm");
    const listening = {
      ...context,
      progress: { ...context.progress, warn: (text: string) => warnings.push(text) },
    };
    const answering = (reply: () => string, finish: "stop" | "length", hash: string) => {
      const model = new ScriptedModel({ reply, hash });
      const generate = model.generate.bind(model);
      model.generate = async (...given) =>
        (await generate(...given)).map((answer) => ({ ...answer, finish }));
      return explain(training, cases, model, options, listening);
    };
    await answering(() => "So.", "stop", "good");
    expect(warnings).toEqual([]);
    const empty = await answering(() => " \n", "stop", "empty");
    expect(empty.explanations.every(({ text }) => text === "")).toBe(true);
    await answering(() => "on and on", "length", "long");
    expect(warnings).toEqual([
      "explainctr: 100.0 % of the explanations are empty",
      "explainctr: 100.0 % of the explanations run to their limit",
    ]);
    await expect(embedTexts(new ScriptedModel({}), ["", ""], context)).rejects.toMatchObject({
      code: "NO_TEXT",
    });
  });

  it("of a user without history name nothing", () => {
    const nobody = { user: 0, item: 3, liked: new Int32Array(0), disliked: new Int32Array(0) };
    expect(generationPrompt(items, nobody, 4)).toBe(
      'Liked: nothing.\nDisliked: nothing.\nTarget: "Title of i3".\nExplanation:',
    );
  });

  it("lie in a file by user, item and adapter, and a file of other pairs is refused", async () => {
    const path = join(folderOf({}), "explanations.jsonl");
    const format = explanationsFormat(training, cases.slice(0, 2), "a1");
    const written = [
      { text: "So.", isCut: false },
      { text: "", isCut: true },
    ];
    await format.write(path, written);
    expect(await format.read(path)).toEqual(written);
    const lines = (await readFile(path, "utf8")).split("\n");
    expect(JSON.parse(lines[0])).toEqual({
      user: training.users.keys[cases[0].user],
      item: items.keys[cases[0].item],
      adapter: "a1",
      explanation: "So.",
      cut: false,
    });
    await writeFile(path, [lines[1], lines[0], ""].join("\n"));
    expect(await failureOf(format.read(path))).toMatchObject({ exit: 3, code: "BAD_EXPLANATIONS" });
    await writeFile(path, [lines[0], "{}", ""].join("\n"));
    expect(await failureOf(format.read(path))).toMatchObject({ exit: 3, line: 2 });
    await writeFile(path, `${lines[0]}\n`);
    expect(await failureOf(format.read(path))).toMatchObject({ exit: 3, code: "BAD_EXPLANATIONS" });
  });
});

describe("the judge", () => {
  it("gives P(Yes) among Yes and No, from explanation and target alone", async () => {
    const model = new ScriptedModel({
      judge: (prompt) => (prompt.includes("good") ? [Math.log(0.3), Math.log(0.1)] : [-2, -2]),
    });
    const context = lending(model, "expctr-llm");
    const p = await judgeExplanations(model, items, [3, 4], ["A good one.", ""], context);
    expect(p[0]).toBeCloseTo(0.75, 12);
    expect(p[1]).toBe(0.5);
    expect(model.asked[0]).toBe(
      'Target: "Title of i3".\nExplanation: A good one.\nWhether the user will like the target film "Title of i3"?',
    );
  });

  it("is rewarded by each form", () => {
    expect(agreement(0.8, 1, "log-likelihood")).toBeCloseTo(Math.log(0.8), 12);
    expect(agreement(0.8, 0, "log-likelihood")).toBeCloseTo(Math.log(0.2), 12);
    expect(agreement(0, 1, "log-likelihood")).toBeCloseTo(Math.log(1e-7), 12);
    expect(agreement(0.8, 0, "probability")).toBeCloseTo(0.2, 12);
    expect([0.8, 0.5, 0.2].map((p) => agreement(p, 1, "sign"))).toEqual([1, 0, -1]);
  });
});

describe("rows", () => {
  const answersOf = async (id: string, model: ScriptedModel) => {
    const row = EXPLAINCTR.find((found) => found.id === id)!;
    const context = lending(model, id);
    const fitted = await row.fit(training, resolveOptions(row, {}), context);
    return fitted.answer(cases, context);
  };

  it("ask for Yes or No, straight or about explanations", async () => {
    const reply = (prompt: string) => (prompt.includes('Target: "Title of i3"') ? " fine" : " poor");
    const judge = (prompt: string) =>
      /Explanation: fine|target film "Title of i3"/.test(prompt) ? [0, -1] : [-1, 0];
    const yes = 1 / (1 + Math.exp(-1));
    for (const id of ["llm-zero-shot", "expctr-llm-untrained"]) {
      const answers = await answersOf(id, new ScriptedModel({ reply, judge }));
      cases.forEach(({ item }, n) => {
        expect(answers[n]).toBeCloseTo(item === 3 ? yes : 1 - yes, 12);
      });
    }
  });
});
