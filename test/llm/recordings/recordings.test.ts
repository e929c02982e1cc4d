import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../../../src/core/errors.js";
import { RecordedModel } from "../../../src/llm/recordings/recorded-model.js";
import { ReplayModel } from "../../../src/llm/recordings/replay-model.js";
import { promptHash } from "../../../src/llm/recordings/request.js";
import { RecordingStore } from "../../../src/llm/recordings/store.js";
import { ScriptedModel } from "../scripted-model.js";
import { callContext, temporaryFolder } from "../tiny-models.js";

let folder: string;
let file: string;
let count = 0;
beforeAll(async () => (folder = await temporaryFolder()));
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => (file = join(folder, `${count++}.jsonl`)));

const OPTIONS = { maxNewTokens: 5 };
const PROMPTS = ["one", "two", "one", "three"];

async function recorded(model: ScriptedModel): Promise<RecordedModel> {
  return new RecordedModel(model, await RecordingStore.open(file));
}

describe("a recording", () => {
  it("answers a second run without a call, at the same cost", async () => {
    const first = new ScriptedModel({ usd: 0.01 });
    const a = await recorded(first);
    const context = callContext();
    const answers = await a.generate(PROMPTS, OPTIONS, context);
    const choices = await a.choose([{ prompt: "q", continuations: ["Yes", "No"] }], context);
    expect(first.asked).toEqual(["one", "two", "three", "q"]);
    await a.close();

    const second = new ScriptedModel({ usd: 0.01 });
    const b = await recorded(second);
    const again = callContext();
    expect(await b.generate(PROMPTS, OPTIONS, again)).toEqual(answers);
    expect(await b.choose([{ prompt: "q", continuations: ["Yes", "No"] }], again)).toEqual(choices);
    expect(second.asked).toEqual([]);
    expect(again.cost.total).toEqual(context.cost.total);
    expect(again.cost.total.llmCalls).toBe(4);
    await b.close();
  });

  it("asks again for other settings, prompts, seeds, continuations and models", async () => {
    const model = new ScriptedModel({});
    const a = await recorded(model);
    const context = callContext();
    const ask = (options: object) => a.generate(["p"], { ...OPTIONS, ...options }, context);
    await ask({});
    await ask({ seed: 5 }); // greedy: the seed changes nothing
    await ask({ topP: 0.5 }); // nor does the nucleus
    expect(model.asked.length).toBe(1);
    await ask({ maxNewTokens: 6 });
    await ask({ stop: ["x"] });
    await ask({ temperature: 1 });
    await ask({ temperature: 1, seed: 1 });
    await ask({ temperature: 1, topP: 0.5 });
    await ask({ allowed: ["a", "b"] });
    await ask({ allowed: ["b", "a"] });
    expect(model.asked.length).toBe(7);
    await a.choose([{ prompt: "p", continuations: ["a", "b"] }], context);
    await a.choose([{ prompt: "p", continuations: ["b", "a"] }], context);
    expect(model.asked.length).toBe(9);
    await a.generate([[{ role: "user", content: "p" }]], OPTIONS, context);
    expect(model.asked.length).toBe(9);
    await a.close();
    const other = new ScriptedModel({ hash: "other" });
    const b = await recorded(other);
    await b.generate(["p"], OPTIONS, context);
    expect(other.asked).toEqual(["p"]);
    await b.close();
  });

  it("gives each of several prompts its own seed", async () => {
    const model = new ScriptedModel({});
    const a = await recorded(model);
    await a.generate(["p", "p", "p"], { ...OPTIONS, temperature: 1, seed: [1, 2, 1] }, callContext());
    expect(model.seeds).toEqual([1, 2]);
    await a.close();
  });

  it("keeps what was answered before a failure, and not what failed", async () => {
    const a = await recorded(new ScriptedModel({ failAt: "three" }));
    await expect(a.generate(PROMPTS, OPTIONS, callContext())).rejects.toThrow("scripted failure");
    await a.close();
    const next = new ScriptedModel({ errorAt: "three" });
    const b = await recorded(next);
    const answers = await b.generate(PROMPTS, OPTIONS, callContext());
    expect(next.asked).toEqual(["three"]);
    expect(answers[3].finish).toBe("error");
    await b.close();
    const last = new ScriptedModel({});
    const c = await recorded(last);
    await c.generate(PROMPTS, OPTIONS, callContext());
    expect(last.asked).toEqual(["three"]);
    await c.close();
  });

  it("cuts off half a line that a killed run left", async () => {
    const a = await recorded(new ScriptedModel({}));
    await a.generate(["one", "two"], OPTIONS, callContext());
    await a.close();
    const whole = await readFile(file, "utf8");
    await appendFile(file, whole.slice(0, 50));
    const model = new ScriptedModel({});
    const b = await recorded(model);
    await b.generate(["one", "two", "three"], OPTIONS, callContext());
    expect(model.asked).toEqual(["three"]);
    await b.close();
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    expect(lines.length).toBe(3);
    expect(lines.map((line) => (JSON.parse(line) as { prompt: string }).prompt)).toEqual(
      ["one", "two", "three"].map(promptHash),
    );
  });

  it("names the line that isn't one of its own", async () => {
    await writeFile(file, '{"some": "thing"}\n');
    await expect(RecordingStore.open(file)).rejects.toMatchObject({
      exit: EXIT.data,
      place: { file, line: 1 },
    });
  });
});

describe("a replay", () => {
  it("answers as the recorded run did, without the model, under its name", async () => {
    const a = await recorded(new ScriptedModel({ usd: 0.01 }));
    const context = callContext();
    const answers = await a.generate(PROMPTS, OPTIONS, context);
    const choices = await a.choose([{ prompt: "q", continuations: ["Yes", "No"] }], context);
    const { identity } = a;
    await a.close();
    const replay = await ReplayModel.open(file);
    const again = callContext();
    expect(await replay.generate(PROMPTS, OPTIONS, again)).toEqual(answers);
    expect(await replay.choose([{ prompt: "q", continuations: ["Yes", "No"] }], again)).toEqual(choices);
    expect(again.cost.total).toEqual(context.cost.total);
    expect(replay.identity).toEqual(identity);
  });

  it("names the hash of a prompt that has no answer", async () => {
    const a = await recorded(new ScriptedModel({}));
    await a.generate(["one"], OPTIONS, callContext());
    await a.close();
    const replay = await ReplayModel.open(file);
    for (const work of [
      replay.generate(["four"], OPTIONS, callContext()),
      replay.choose([{ prompt: "four", continuations: ["a"] }], callContext()),
    ]) {
      await expect(work).rejects.toMatchObject({
        exit: EXIT.provider,
        code: "MISSING_ANSWER",
        message: expect.stringContaining(promptHash("four")) as string,
      });
    }
    await expect(replay.generate(["one"], { maxNewTokens: 6 }, callContext())).rejects.toThrow(
      promptHash("one"),
    );
  });

  it("takes answers that were made elsewhere", async () => {
    const lines = [
      {
        custom_id: promptHash("a"),
        response: {
          status_code: 200,
          body: {
            choices: [{ message: { role: "assistant", content: "from a batch" } }],
            usage: { prompt_tokens: 7, completion_tokens: 3 },
          },
        },
      },
      {
        messages: [
          { role: "user", content: "b" },
          { role: "assistant", content: "from a chat" },
        ],
      },
      { prompt: "c", completion: "from a pair" },
    ];
    await writeFile(file, lines.map((line) => JSON.stringify(line)).join("\n\n"));
    const replay = await ReplayModel.open(file);
    const context = callContext();
    const answers = await replay.generate(["c", "b", "a"], OPTIONS, context);
    expect(answers.map(({ text }) => text)).toEqual(["from a pair", "from a chat", "from a batch"]);
    expect(context.cost.total).toMatchObject({ llmCalls: 3, promptTokens: 7, completionTokens: 3 });
  });

  it.each([
    ["{", 1],
    ['{"prompt": "a", "completion": "b"}\n{"prompt": "a"}', 2],
    ['{"messages": [{"role": "user", "content": "b"}]}', 1],
    ["[]", 1],
    ["null", 1],
  ])("refuses %j with its line", async (text, line) => {
    await writeFile(file, text);
    await expect(ReplayModel.open(file)).rejects.toMatchObject({ exit: EXIT.data, place: { file, line } });
  });

  it("refuses mixed models and missing files", async () => {
    for (const hash of ["h1", "h2"]) {
      const a = await recorded(new ScriptedModel({ hash }));
      await a.generate(["one"], OPTIONS, callContext());
      await a.close();
    }
    await expect(ReplayModel.open(file)).rejects.toMatchObject({ code: "MIXED_RECORDING" });
    await expect(ReplayModel.open(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});
