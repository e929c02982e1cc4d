import { beforeEach, describe, expect, it, vi } from "vitest";
import { alignmentOptions } from "../../../src/methods/explainctr/options.js";
import { type Extent, trainedWriter } from "../../../src/methods/explainctr/staged.js";
import { casesOf, type ExplainedCase } from "../../../src/methods/explainctr/cases.js";
import type { CtrRows, CtrTraining } from "../../../src/tasks/ctr.js";
import { ScriptedModel } from "../../llm/scripted-model.js";
import { lending, protocolOf, ratings } from "./support.js";

// Who learns from which pairs is all that counts here: policies are the names of the pairs that rewarded them, and an explanation is the
// name of whoever wrote it.
const { log } = vi.hoisted(() => ({
  log: {
    /** A time of PPO each: the pairs that rewarded the policy so far, and which stage and round it was. */
    aligned: [] as string[][],
    times: [] as { stage: string; round: number; start: string | undefined }[],
    networks: [] as { pairs: string[]; writers: string[] }[],
    writer: "",
  },
}));

const namesOf = ({ users, items }: Pick<CtrRows, "users" | "items">) =>
  Array.from(users, (user, n) => `${user}/${items[n]}`);

vi.mock("../../../src/methods/explainctr/policy.js", () => ({ openPolicyModel: () => Promise.resolve({}) }));

vi.mock("../../../src/methods/explainctr/align.js", () => ({
  align: (
    ...[, rows, , , { stage, round, start }]: [
      CtrTraining,
      CtrRows,
      unknown,
      unknown,
      { stage: string; round: number; start?: { key: string } },
    ]
  ) => {
    log.times.push({ stage, round, start: start?.key });
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

const protocol = protocolOf(ratings(6, 8, 6));
const { training } = protocol;
const cases = casesOf(training, training.rows);
const tested = Array.from(protocol.test.labels, (_, n) => protocol.caseOf(n));
const names = namesOf(training.rows);
const context = lending(new ScriptedModel({}), "expctr-aug");
const writerOf = (extent: Extent, options: Record<string, unknown> = {}) =>
  trainedWriter(extent, training, alignmentOptions.parse(options), context);
const write = async (crossFit: boolean) => (await writerOf("all", { crossFit }))(cases, context);

beforeEach(() => {
  log.aligned.length = 0;
  log.times.length = 0;
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

describe("pairs of the test part", () => {
  it.each(["lc", "all", "ic-only"] as const)(
    "are explained by the last policies of %s, which learn nothing more",
    async (extent) => {
      const textsOf = await writerOf(extent);
      const done = log.aligned.map((pairs) => pairs.join(" "));
      // Of each fold one, or one after the other.
      const last = extent === "all" ? [done[1], done[3]] : done;
      const texts = await textsOf(tested, context);
      expect(new Set(texts)).toEqual(new Set(last));
      expect(await textsOf(tested, context)).toEqual(texts);
      // In another company, too.
      const few = tested.filter((_, n) => n % 3 === 0);
      expect(await textsOf(few, context)).toEqual(texts.filter((_, n) => n % 3 === 0));
      expect(log.aligned.map((pairs) => pairs.join(" "))).toEqual(done);
      expect(log.networks.length).toBe(extent === "lc" ? 0 : 2);
    },
  );
});

describe("two rounds", () => {
  it("train the network anew on what the last policy writes, and that policy on by it", async () => {
    const textsOf = await writerOf("all", { rounds: 2 });
    const keys = log.aligned.map((pairs) => pairs.join(" "));
    for (const from of [0, 3]) {
      expect(log.times.slice(from, from + 3)).toEqual([
        { stage: "lc", round: 0, start: undefined },
        { stage: "ic", round: 0, start: keys[from] },
        { stage: "ic", round: 1, start: keys[from + 1] },
      ]);
    }
    expect(log.times.length).toBe(6);
    // A network a round and a fold, each on the texts of the policy that goes on by it.
    expect(log.networks.map(({ writers }) => [...new Set(writers)])).toEqual(
      [0, 1, 3, 4].map((n) => [keys[n]]),
    );
    for (const { pairs, writers } of log.networks)
      pairs.forEach((name, n) => {
        expect(writers[n].split(" ")).not.toContain(name);
      });
    expect(new Set(await textsOf(tested, context))).toEqual(new Set([keys[2], keys[5]]));
  });
});

describe("the paper's way", () => {
  it("is one policy that explains the very pairs that reward it", async () => {
    const [text] = await write(false);
    expect(new Set(text.split(" "))).toEqual(new Set(names));
  });
});
