import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { silentProgress } from "../../src/core/progress.js";
import { resolveConfig } from "../../src/experiment/config.js";
import { listFor, type ListRequest } from "../../src/experiment/dlcrec-list.js";
import { layOutTask } from "../../src/experiment/run-task.js";
import { type Names, Prompter } from "../../src/methods/dlcrec/prompter.js";
import { readTemplates } from "../../src/methods/dlcrec/templates.js";
import { renderList } from "../../src/report/dlcrec-list.js";

const folder = mkdtempSync(join(tmpdir(), "llmrec-list-"));
const context = { progress: silentProgress(), signal: new AbortController().signal };
const config = resolveConfig([
  {
    ...{ world: { size: "tiny" }, task: { history: 3, future: 3, cases: 20, genres: [2] } },
    options: { dlcrec: { grounding: { by: "letters" } } },
    ...{ recommenders: ["dlcrec"], ks: [10] },
  },
]);

let names: Names;
let prompter: Prompter;
beforeAll(async () => {
  const { prepared } = await layOutTask("controlled-list", config, {
    ...context,
    cache: folder,
    offline: true,
  });
  const { items, mainGenres } = prepared.training;
  names = { titles: items.titles, genres: items.categoryNames, mainGenres };
  prompter = new Prompter(await readTemplates("trail"), names);
});

/** Answers for the stages, so that no model is needed. */
function given(stage: string, entries: readonly (readonly [string, string])[]): [string, string] {
  const path = join(mkdtempSync(join(tmpdir(), "llmrec-answers-")), `${stage}.jsonl`);
  writeFileSync(path, entries.map(([prompt, answer]) => JSON.stringify({ prompt, answer }) + "\n").join(""));
  return [stage, path];
}

function list(changes: Partial<ListRequest>) {
  return listFor({
    ...{ config, length: 3, stage: "ip", external: new Map(), out: folder, cache: folder, offline: true },
    ...context,
    history: names.titles.slice(0, 2).join("; "),
    ...changes,
  });
}

describe("one list for one history", () => {
  const asked = (count: number, genres?: number[], slots?: number[]) => ({
    ...{ history: [0, 1], length: 3, count },
    ...(genres && { genres }),
    ...(slots && { slots }),
  });
  const filmOf = (genre: number) => names.mainGenres.findIndex((own, item) => item > 1 && own === genre);

  it("goes through all stages for a number, and shows what each said", async () => {
    const [a, b] = [0, 1];
    const films = [a, b, a].map(filmOf);
    const external = new Map([
      given("gp", [[prompter.ask("gp", asked(2)), prompter.answerGenres([a, b])]]),
      given("gf", [
        [
          prompter.ask("gf", asked(2, [a, b])),
          prompter.answerList(
            "gf",
            [0, 1],
            [a, b, a].map((genre) => ({ genre })),
          ),
        ],
      ]),
      given("ip", [
        [
          prompter.ask("ip", asked(2, [a, b], [a, b, a])),
          prompter.answerList(
            "ip",
            [0, 1],
            films.slice(0, 2).map((item) => ({ item })),
          ),
        ],
      ]),
    ]);
    const result = await list({ genres: "2", external });
    expect(result).toMatchObject({
      ...{ asked: 2, genres: [names.genres[a], names.genres[b]], unreadable: 1 },
    });
    expect(result.places.map(({ item }) => item)).toEqual([
      names.titles[films[0]],
      names.titles[films[1]],
      null,
    ]);
    expect(result.delivered).toBe(2);
    expect(Object.keys(result.answers)).toEqual(["gp", "gf", "ip"]);
    const text = renderList(result, { width: 120, ansi: false });
    expect(text).toContain(names.titles[films[0]]);
    expect(text).toContain("1 parts of the model's answers could not be read.");
    const first = await list({ genres: "2", external, stage: "gp" });
    expect(first).toMatchObject({ places: [], delivered: null, genres: result.genres });
    expect(renderList(first, { width: 120, ansi: false })).toBe(`Genres: ${result.genres.join(", ")}\n`);
  });

  it("begins at GF with genres by name, and at IP with places", async () => {
    const [a, b] = [2, 3];
    const external = new Map([
      given("gf", [
        [
          prompter.ask("gf", asked(2, [a, b])),
          prompter.answerList(
            "gf",
            [0, 1],
            [b, a, a].map((genre) => ({ genre })),
          ),
        ],
      ]),
    ]);
    const genres = `${names.genres[a]}, ${names.genres[b]}`;
    const places = await list({ genres, external, stage: "gf" });
    expect(places.places.map(({ genre }) => genre)).toEqual([b, a, a].map((genre) => names.genres[genre]));
    expect(places.delivered).toBeNull();
    const ip = given("ip", [
      [
        prompter.ask("ip", asked(1, [a], [a, a, a])),
        prompter.answerList("ip", [0, 1], [{ item: filmOf(a) }]),
      ],
    ]);
    const last = await list({
      slots: [a, a, a].map((g) => names.genres[g]).join("; "),
      external: new Map([ip]),
    });
    expect(last.places[0].item).toBe(names.titles[filmOf(a)]);
    expect(last.asked).toBe(1);
  });

  it.each([
    [{ genres: "99" }, "TOO_MANY_GENRES"],
    [{ genres: "4", length: 3 }, "TOO_MANY_GENRES"],
    [{ genres: "Nonsense" }, "UNKNOWN_GENRE"],
    [{ slots: "Nonsense" }, "UNKNOWN_GENRE"],
    [{ history: "No Such Film At All" }, "UNKNOWN_TITLE"],
    [{ history: ";" }, "NO_HISTORY"],
    [{ run: "/nowhere" }, "NOT_A_RUN"],
  ] as const)("refuses %o: %s", async (changes, code) => {
    await expect(list(changes)).rejects.toMatchObject({ code });
  });

  it("refuses a stage whose answer is given", async () => {
    await expect(list({ slots: names.genres[0], stage: "gf" })).rejects.toMatchObject({
      code: "NOTHING_TO_DO",
    });
  });
});
