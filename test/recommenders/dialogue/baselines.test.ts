import { describe, expect, it } from "vitest";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import { worldDataset } from "../../../src/data/world/world.js";
import { Bm25Index } from "../../../src/recommenders/dialogue/bm25-index.js";
import { bm25, bm25Dialogues } from "../../../src/recommenders/dialogue/bm25.js";
import { coMention } from "../../../src/recommenders/dialogue/co-mention.js";
import {
  oracleConversation,
  popularityConversation,
  randomConversation,
  recentPopularity,
} from "../../../src/recommenders/dialogue/controls.js";
import { chooseSetting, conversationNdcg } from "../../../src/recommenders/dialogue/validation.js";
import { conversationProtocol } from "../../../src/tasks/conversation-protocol.js";
import { contextOf } from "../support.js";
import { answerTurns, protocolOf, talk } from "./talk.js";

const TITLES = ["Heat", "Up", "Alien", "Jaws"];
const close = (row: readonly number[]) => row.map((value) => expect.closeTo(value, 5) as number);

describe("controls", () => {
  const protocol = protocolOf(talk(TITLES, ["R 1", "R 1 2"], ["R 2"], ["R 3"], ["S 0", "R 1"]));

  it("popularity counts training recommendations, recent ones fully and older ones less", async () => {
    expect(await answerTurns(popularityConversation, protocol)).toEqual([[0, 2, 2, 0]]);
    // Dialogue 0 is a day older than dialogue 1.
    expect(await answerTurns(recentPopularity, protocol, { halfLife: 1 })).toEqual([[0, 1, 1.5, 0]]);
  });

  it("random draws by seed and case, not by block", async () => {
    const [row] = await answerTurns(randomConversation, protocol);
    expect(new Set(row).size).toBe(4);
    expect(await answerTurns(randomConversation, protocol)).toEqual([row]);
  });

  it("the oracle ranks by the law of the dialogue", async () => {
    const dataset = worldDataset({ size: "tiny" });
    const world = conversationProtocol(dataset, makeSplit(dataset, "dialogue-time"));
    const rows = await answerTurns(oracleConversation, world, {}, dataset.truth);
    world.turns.forEach(({ dialogue }, n) => {
      const law = dataset.truth!.dialogueTarget(dialogue);
      expect(rows[n].every((score, item) => score === Math.max(law[item], Math.fround(-1e30)))).toBe(true);
    });
  });
});

describe("co-mention", () => {
  it("mixes what followed the items named with popularity, as worked out by hand", async () => {
    const protocol = protocolOf(
      talk(TITLES, ["S 0", "R 1"], ["S 0", "R 2"], ["S 3 0", "R 1"], [], ["S 0 3", "R 2", "R 1"]),
    );
    // Shares with one added: items 0..3 have 1, 3, 2, 1 of 7. After 0: items 1, 1, 2; after 3: item 1. m = 1.
    const p = [1 / 7, 3 / 7, 2 / 7, 1 / 7];
    const after0 = p.map((share, item) => ([0, 2, 1, 0][item] + share) / 4);
    const after3 = p.map((share, item) => ([0, 1, 0, 0][item] + share) / 2);
    const after2 = p;
    const [first, second] = await answerTurns(coMention, protocol, { smoothing: [1] });
    expect(first).toEqual(close(p.map((_, item) => (after0[item] + after3[item]) / 2)));
    expect(second).toEqual(close(p.map((_, item) => (after0[item] + after3[item] + after2[item]) / 3)));
  });

  it("is popularity where nothing was named", async () => {
    const protocol = protocolOf(talk(TITLES, ["S 0", "R 1"], [], ["S hi", "R 2"]));
    expect(await answerTurns(coMention, protocol)).toEqual([close([1 / 5, 2 / 5, 1 / 5, 1 / 5])]);
  });
});

describe("BM25", () => {
  it("gives the figures worked out by hand", () => {
    const index = new Bm25Index(["red red car", "red bus", ""], { k1: 1.2, b: 0.75 });
    const row = new Float32Array(3);
    index.addScores("Red car, red?", row);
    const idf = (df: number) => Math.log(1 + (3 - df + 0.5) / (df + 0.5));
    const weight = (tf: number, length: number) =>
      (tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * length) / (5 / 3)));
    expect([...row]).toEqual(
      close([2 * idf(2) * weight(2, 3) + idf(1) * weight(1, 3), 2 * idf(2) * weight(1, 2), 0]),
    );
  });

  it("finds named titles, and with dialogues what was said when an item was recommended", async () => {
    const protocol = protocolOf(
      talk(TITLES, ["S sharks please", "R 3 and 2"], ["S boxing", "R 0"], [], ["S Alien or sharks", "R 1"]),
    );
    const [byText] = await answerTurns(bm25, protocol);
    expect(byText.map((score) => score > 0)).toEqual([false, false, true, false]);
    const [byDialogues] = await answerTurns(bm25Dialogues, protocol);
    expect(byDialogues.map((score) => score > 0)).toEqual([false, false, true, true]);
    expect(byDialogues[2]).toBeGreaterThan(byDialogues[3]);
  });

  it("takes an empty dialogue: nothing matches", async () => {
    const protocol = protocolOf(talk(TITLES, ["R 0"], [], ["R 1"]));
    expect(await answerTurns(bm25Dialogues, protocol)).toEqual([[0, 0, 0, 0]]);
  });
});

describe("choosing on validation", () => {
  const { training } = protocolOf(talk(TITLES, ["R 1"], ["S 1", "R 2 1"], ["R 0"]));

  it("ranks as the task's setting new: named items and repeated targets are out", async () => {
    const seen: unknown[] = [];
    const metric = await conversationNdcg(training)!((cases) => {
      seen.push(...cases);
      return Promise.resolve(Float32Array.of(3, 9, 2, 1));
    });
    // One case, target 2, after 0: 1 is not ranked.
    expect(metric).toBeCloseTo(1 / Math.log2(3), 12);
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toHaveProperty("target");
  });

  it("keeps the best setting, the first where there is nothing to choose by", async () => {
    const score = (best: number) => () => Promise.resolve(Float32Array.of(0, 0, best, 1));
    expect(await chooseSetting("x", [0, 5, 6], training, score, contextOf("x"))).toBe(5);
    const none = { ...training, validation: [] };
    expect(await chooseSetting("x", [0, 5], none, score, contextOf("x"))).toBe(0);
    expect(conversationNdcg(none)).toBeUndefined();
  });
});
