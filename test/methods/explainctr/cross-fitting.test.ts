import { beforeEach, describe, expect, it, vi } from "vitest";
import { alignmentOptions } from "../../../src/methods/explainctr/options.js";
import { trainedWriter } from "../../../src/methods/explainctr/staged.js";
import { casesOf, type ExplainedCase } from "../../../src/methods/explainctr/cases.js";
import type { CtrRows, CtrTraining } from "../../../src/tasks/ctr.js";
import { ScriptedModel } from "../../llm/scripted-model.js";
import { lending, protocolOf, ratings } from "./support.js";

// Who learns from which pairs is all that counts here: policies are the names of the pairs that rewarded them, and an explanation is the
// name of whoever wrote it.
const { log } = vi.hoisted(() => ({
  log: { aligned: [] as string[][], networks: [] as { pairs: string[]; writers: string[] }[], writer: "" },
}));

const namesOf = ({ users, items }: Pick<CtrRows, "users" | "items">) =>
  Array.from(users, (user, n) => `${user}/${items[n]}`);

vi.mock("../../../src/methods/explainctr/policy.js", () => ({ openPolicyModel: () => Promise.resolve({}) }));

vi.mock("../../../src/methods/explainctr/align.js", () => ({
  align: (
    ...[, rows, , , { start }]: [CtrTraining, CtrRows, unknown, unknown, { start?: { key: string } }]
  ) => {
    const pairs = [...(start === undefined ? [] : start.key.split(" ")), ...namesOf(rows)];
    log.aligned.push(pairs);
    const key = pairs.join(" ");
    return Promise.resolve({ policy: { adapter: key }, key });
  },
}));

vi.mock("../../../src/llm/local/with-adapter.js", () => ({
  withAdapter: async (
    _model: unknown,
    adapter: string | undefined,
    _name: string,
    work: () => Promise<unknown>,
  ) => {
    log.writer = adapter ?? "";
    return work();
  },
}));

vi.mock("../../../src/methods/explainctr/explanations.js", () => ({
  explain: (_train: CtrTraining, cases: readonly ExplainedCase[]) =>
    Promise.resolve({ explanations: cases.map(() => ({ text: log.writer })) }),
}));

vi.mock("../../../src/methods/explainctr/augmented.js", () => ({
  fitAugmented: async (
    train: CtrTraining,
    _model: unknown,
    textsOf: (cases: ExplainedCase[]) => Promise<string[]>,
  ) => {
    const writers = await textsOf(casesOf(train, train.rows));
    log.networks.push({ pairs: namesOf(train.rows), writers });
  },
}));

const { training } = protocolOf(ratings(6, 8, 6));
const cases = casesOf(training, training.rows);
const names = namesOf(training.rows);
const write = async (crossFit: boolean) => {
  const context = lending(new ScriptedModel({}), "expctr-aug");
  const textsOf = await trainedWriter("all", training, alignmentOptions.parse({ crossFit }), context);
  return textsOf(cases, context);
};

beforeEach(() => {
  log.aligned.length = 0;
  log.networks.length = 0;
});

describe("two-fold cross-fitting", () => {
  it("has every pair explained by a policy that its label never rewarded, at the end and on the way", async () => {
    const texts = await write(true);
    texts.forEach((text, n) => {
      expect(text.split(" ")).not.toContain(names[n]);
    });
    for (const text of texts) expect(log.aligned.map((pairs) => pairs.join(" "))).toContain(text);
    expect(log.networks.length).toBe(2);
    for (const { pairs, writers } of log.networks)
      pairs.forEach((name, n) => {
        expect(writers[n]).not.toBe("");
        expect(writers[n].split(" ")).not.toContain(name);
      });
  });

  it("rewards no policy by a network's own training pairs", async () => {
    await write(true);
    // Stage 1, then stages 2 and 3, of one fold after the other.
    const [, first, , second] = log.aligned;
    for (const [n, rewarded] of [first, second].entries())
      expect(rewarded.filter((name) => log.networks[n].pairs.includes(name))).toEqual([]);
  });
});

describe("the paper's way", () => {
  it("is one policy that explains the very pairs that reward it", async () => {
    const [text] = await write(false);
    expect(new Set(text.split(" "))).toEqual(new Set(names));
  });
});
