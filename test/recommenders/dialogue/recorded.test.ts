import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../../src/core/files.js";
import { openDataset } from "../../../src/data/catalogue.js";
import { readDataset } from "../../../src/data/readers/index.js";
import { hashDataset } from "../../../src/data/splits/hash.js";
import { makeSplit } from "../../../src/data/splits/strategies.js";
import { gpt35Recorded, gpt4Recorded } from "../../../src/recommenders/dialogue/recorded.js";
import type { Recommender } from "../../../src/recommenders/recommender.js";
import type { AnsweredList } from "../../../src/tasks/conversation.js";
import { conversationProtocol } from "../../../src/tasks/conversation-protocol.js";
import { prepareConversation } from "../../../src/tasks/conversation-task.js";
import { failureOf, folderOf } from "../../data/readers/files.js";
import { contextOf } from "../support.js";

const film = (title: string, key = title) => ({
  movie: [title],
  movie_link: [`<http://dbpedia.org/resource/${key}>`],
  movie_name: [title],
  entity_link: [],
  entity_name: [],
});
const nothing = { movie: [], movie_link: [], movie_name: [], entity_link: [], entity_name: [] };
const lines = (...records: unknown[]) => records.map((one) => JSON.stringify(one) + "\n").join("");
const answer = (index: number, ...films: [string, number, string][]) => ({
  index,
  resp: { usage: { prompt_tokens: 10, completion_tokens: 5 } },
  rec_list: films.map(([movie_name, min_edit_distance, nearest_movie]) => ({
    movie_name,
    min_edit_distance,
    nearest_movie,
  })),
  gt_list: ["never read"],
});

/** Two films are called Dune; training names the second one. */
function files(
  outputs = lines(answer(0, ["Dune", 0, "Dune"], ["Dunes", 1, "Dune"], ["Solaris", 5, "Alien"])),
) {
  return {
    "train.jsonl": lines([
      { role: "RECOMMENDER", text: "Dune", ...film("Dune", "Dune_1984") },
      { role: "SEEKER", text: "Dune", ...film("Dune", "Dune_2021") },
      { role: "RECOMMENDER", text: "Dune", ...film("Dune", "Dune_2021") },
      { role: "RECOMMENDER", text: "Alien", ...film("Alien") },
    ]),
    "dev.jsonl": lines([]),
    "test.jsonl": lines([
      { role: "SEEKER", text: "hi", ...nothing },
      { role: "RECOMMENDER", text: "Alien", ...film("Alien") },
    ]),
    "llm-crs/test.jsonl": lines({ dialog_id: "test_0", turn_id: "test_1" }),
    "llm-crs/outputs/gpt-4_general.jsonl": outputs,
  };
}

async function answersOf(recommender: Recommender<"conversation">, folder: string) {
  const dataset = await readDataset({ path: folder });
  const { training, turns } = conversationProtocol(dataset, makeSplit(dataset, "published"));
  const context = contextOf(recommender.id);
  const fitted = await recommender.fit(training, {}, context);
  return { answers: (await fitted.answer(turns, context)) as AnsweredList[], context, dataset };
}

describe("recorded answers", () => {
  it("become items by the title that they were taken for, and cost what they cost then", async () => {
    const { answers, context, dataset } = await answersOf(gpt4Recorded, folderOf(files()));
    const keys = Array.from(answers[0].items, (item) => (item < 0 ? null : dataset.items.keys[item]));
    expect(keys).toEqual(["Dune_2021", "Dune_2021", null]);
    expect(answers[0].texts).toEqual(["Dune", "Dunes", "Solaris"]);
    expect(context.cost.total).toMatchObject({ llmCalls: 1, promptTokens: 10, completionTokens: 5 });
  });

  it("belong to the data: another answer gives another hash", async () => {
    const [one, other] = await Promise.all(
      [undefined, lines(answer(0))].map((outputs) => readDataset({ path: folderOf(files(outputs)) })),
    );
    expect(hashDataset(one)).not.toBe(hashDataset(other));
  });

  it("are refused for a turn that does not exist or twice, without their turns, and where one is missing", async () => {
    const read = (outputs: string) => failureOf(readDataset({ path: folderOf(files(outputs)) }));
    expect(await read(lines(answer(1)))).toMatchObject({ code: "BAD_VALUE", line: 1, column: "index" });
    expect(await read(lines(answer(0), answer(0)))).toMatchObject({ code: "BAD_VALUE", line: 2 });
    const without = Object.fromEntries(
      Object.entries(files()).filter(([name]) => name !== "llm-crs/test.jsonl"),
    );
    expect(await failureOf(readDataset({ path: folderOf(without) }))).toMatchObject({ code: "MISSING_FILE" });
    await expect(answersOf(gpt4Recorded, folderOf(files("\n")))).rejects.toThrow(/the file is empty/);
    const moved = { ...files(), "llm-crs/test.jsonl": lines({ dialog_id: "test_9", turn_id: "test_1" }) };
    await expect(answersOf(gpt4Recorded, folderOf(moved))).rejects.toThrow(
      /no recorded answer for turn test_0#1/,
    );
  });
});

const inspired = join(process.env.LLMREC_SHARED_DATA ?? join(packageRoot(), "../shared/data"), "inspired");

it.skipIf(!existsSync(join(inspired, "llm-crs")))(
  "INSPIRED: GPT-4's and GPT-3.5's answers give the published rows exactly",
  async () => {
    const dataset = await openDataset("inspired", { cache: "nowhere", data: inspired });
    const prepared = prepareConversation(dataset, makeSplit(dataset, "published"), [1, 5, 10, 20]);
    const rows = [];
    for (const recommender of [gpt4Recorded, gpt35Recorded]) {
      const context = contextOf(recommender.id);
      const fitted = await recommender.fit(prepared.training, {}, context);
      const { values } = await prepared.evaluate((cases) => fitted.answer(cases, context), {
        ...context,
        label: recommender.id,
      });
      const counted = (name: string) => values[name].filter((value) => !Number.isNaN(value));
      const sum = (name: string) => counted(name).reduce((total, value) => total + value, 0);
      rows.push({
        targets: counted("title-recall@1").length,
        hits: [1, 5, 10, 20].map((k) => sum(`title-recall@${k}`)),
        ndcg: (sum("title-ndcg@10") / counted("title-ndcg@10").length).toFixed(7),
        mrr: (sum("title-mrr@10") / counted("title-mrr@10").length).toFixed(7),
        calls: context.cost.total.llmCalls,
        tokens: [context.cost.total.promptTokens, context.cost.total.completionTokens],
      });
    }
    // summaries/*_inspired.csv, row "recommendation".
    expect(rows).toEqual([
      {
        targets: 211,
        hits: [14, 28, 39, 46],
        ndcg: "0.1222404",
        mrr: "0.1028793",
        calls: 228,
        tokens: [58218, 32333],
      },
      {
        targets: 211,
        hits: [11, 26, 37, 39],
        ndcg: "0.1032743",
        mrr: "0.0816332",
        calls: 228,
        tokens: [58446, 30157],
      },
    ]);
  },
);
