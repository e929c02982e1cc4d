import { describe, expect, it } from "vitest";
import { rewardOf } from "../../../src/methods/explainctr/align.js";
import type { Augmented } from "../../../src/methods/explainctr/augmented.js";
import type { PpoAnswer } from "../../../src/llm/training/ppo/rollout.js";
import { ScriptedModel } from "../../llm/scripted-model.js";
import { lending, ratings } from "./support.js";

const { items } = ratings(2, 5, 3);
const cases = [3, 4].map((item) => ({
  user: 0,
  item,
  liked: new Int32Array(0),
  disliked: new Int32Array(0),
}));
/** The first is liked, the second isn't. */
const labels = [1, 0];

/** The reader says .8 of what is warm and .3 of all else. */
const model = new ScriptedModel({
  judge: (prompt) => {
    const p = prompt.includes("warm") ? 0.8 : 0.3;
    return [Math.log(p), Math.log(1 - p)];
  },
});
/** The network says .9 of what is warm, .6 of no text and .2 of all else; .05 less of item 4. */
const predict: Augmented["predict"] = (some, texts) =>
  Promise.resolve(
    Float32Array.from(texts, (text, n) => {
      const p = text.includes("warm") ? 0.9 : text === "" ? 0.6 : 0.2;
      return some[n].item === 4 ? p - 0.05 : p;
    }),
  );

const drawn = [
  { prompt: 0, text: " a warm one \nand more" },
  { prompt: 1, text: "a warm one" },
  { prompt: 1, text: "a cold one" },
  { prompt: 0, text: " \n" },
] as unknown as readonly PpoAnswer[];

interface Sources {
  readonly reader: boolean;
  readonly network: boolean;
}

async function rewards(
  options: Partial<Parameters<typeof rewardOf>[0]["options"]>,
  { reader, network }: Sources,
): Promise<number[]> {
  const context = lending(model, "expctr-llm");
  const all = { reward: "probability", lambda: 1, gain: false, ...options } as const;
  const reward = rewardOf(
    { train: { items }, cases, labels, model, options: all, context },
    { reader, ...(network && { network: { augmented: { predict } } }) },
  );
  return Array.from(await reward(drawn, 1));
}

const LC = [0.8, 0.2, 0.7, 0.3];
const IC = [0.9, 0.15, 0.85, 0.6];
/** Of no text: .6 for the liked one, 1 - .55 for the other. */
const NONE = [0.6, 0.45, 0.45, 0.6];

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  found.forEach((value, n) => {
    expect(value).toBeCloseTo(wanted[n], 6);
  });
}

describe("the reward of explanations", () => {
  it("is the reader's, the network's, or the reader's and lambda times the network's", async () => {
    expectClose(await rewards({}, { reader: true, network: false }), LC);
    expectClose(await rewards({}, { reader: false, network: true }), IC);
    expectClose(
      await rewards({ lambda: 0.5 }, { reader: true, network: true }),
      LC.map((lc, n) => lc + 0.5 * IC[n]),
    );
    expectClose(await rewards({ lambda: 0 }, { reader: true, network: true }), LC);
  });

  it("by its gain counts only what the network has more by the text: nothing for an empty one", async () => {
    const gains = IC.map((ic, n) => ic - NONE[n]);
    expectClose(await rewards({ gain: true }, { reader: false, network: true }), gains);
    expect(gains[3]).toBe(0);
    expectClose(
      await rewards({ gain: true, lambda: 2 }, { reader: true, network: true }),
      LC.map((lc, n) => lc + 2 * gains[n]),
    );
    // Nobody gains over the reader's own reward.
    expectClose(await rewards({ gain: true }, { reader: true, network: false }), LC);
  });

  it("has both parts, and what is taken away, in the same form", async () => {
    const all = { gain: true, lambda: 0.5, reward: "log-likelihood" } as const;
    expectClose(
      await rewards(all, { reader: true, network: true }),
      LC.map((lc, n) => Math.log(lc) + 0.5 * (Math.log(IC[n]) - Math.log(NONE[n]))),
    );
    const signs = { lambda: 3, reward: "sign" } as const;
    expectClose(await rewards(signs, { reader: true, network: true }), [1 + 3, -1 - 3, 1 + 3, -1 + 3]);
  });
});
