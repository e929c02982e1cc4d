import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { Form } from "../../../src/methods/dlcrec/form.js";
import { readTemplates } from "../../../src/methods/dlcrec/templates.js";
import { NAMES, prompterOf } from "./support.js";

describe("a form", () => {
  it.each([
    [`"{title}"'{genre}'`, ", "],
    [`{place} {genre} "{title}"`, ", "],
    [`"{title}"`, "| "],
  ])("%s writes places that it reads back, whatever their titles hold", (text, between) => {
    const form = new Form(text, between);
    const titles = [`It's a "Sign" they said`, "One, Two", "Plain"];
    const places = titles.map((title) => ({ title, genre: "Children's" }));
    const read = form.parse(form.writeAll(places));
    expect(read.map(({ title }) => title)).toEqual(titles);
    if (text.includes("genre"))
      expect(read.map(({ genre }) => genre)).toEqual(titles.map(() => "Children's"));
  });

  it("reads genres without titles up to the next place, and passes over what is no place", () => {
    const form = new Form("{place} {genre}", ", ");
    expect(form.parse("well, 1 Science fiction, 2 Drama\nmore").map(({ genre }) => genre)).toEqual([
      "Science fiction",
      "Drama",
    ]);
    expect(form.parse("nothing to see")).toEqual([]);
  });

  it("is cut around its title, together with the signs that touch it", () => {
    expect(new Form(`{place} {genre}: "{title}" ({genre})`, ", ").around("title")).toEqual({
      before: "{place} {genre}: ",
      field: '"{title}"',
      after: " ({genre})",
    });
    expect(new Form(`"{title}"'{genre}'`, ", ").around("title")).toEqual({
      before: "",
      field: `"{title}"'`,
      after: "{genre}'",
    });
  });
});

const question = { history: [0, 4], length: 3, count: 2, genres: [1, 0], slots: [1, 0, 1] };

describe("the short templates", () => {
  it("ask in the words of the embedded model's texts", async () => {
    const prompter = await prompterOf("trail");
    expect(prompter.ask("gp", question)).toBe(
      'Watched: "Ash" (Drama), "Elm" (Comedy).\nThe 2 most likely genres of the next films:',
    );
    expect(prompter.ask("gf", question)).toBe(
      `"Ash"'Drama', "Elm"'Comedy'\nGenres: Comedy, Drama.\nThe next films:`,
    );
    expect(prompter.ask("ip", question)).toBe(
      `"Ash"'Drama', "Elm"'Comedy'\nThe next films: 1 Comedy, 2 Drama, 3 Comedy\nRecommendations:`,
    );
    expect(prompter.answerGenres([1, 0])).toBe(" Comedy, Drama");
    expect(prompter.answerList("gf", [0, 4], [{ genre: 1 }, { genre: 0 }])).toBe(" 1 Comedy, 2 Drama");
    expect(prompter.answerList("ip", [0, 4], [{ item: 7 }, { item: 3 }])).toBe(
      ' 1 Comedy "Hut", 2 Drama "Dew"',
    );
  });
});

describe("the published templates", () => {
  it("ask with whole trails and placeholders, and are answered by the whole trail", async () => {
    const prompter = await prompterOf("published");
    expect(prompter.ask("gp", question)).toContain("name the 2 most likely genres");
    expect(prompter.ask("gp", question)).toContain("Genre1, Genre2, ..., Genre2");
    const gf = prompter.ask("gf", { ...question, slots: [] });
    expect(gf).toContain("[Comedy, Drama]");
    expect(gf).toContain(`"Elm"'Comedy', "_"'?', "_"'?', "_"'?'`);
    expect(prompter.answerList("gf", [0], [{ genre: 1 }])).toBe(`"Ash"'Drama', "_"'Comedy'`);
    expect(prompter.ask("ip", question)).toContain(`"Elm"'Comedy', "?"'Comedy', "?"'Drama', "?"'Comedy'`);
    expect(prompter.answerList("ip", [0], [{ item: 7 }])).toBe(`"Ash"'Drama', "Hut"'Comedy'`);
    // IP-D's published defect: the history alone.
    expect(prompter.answerList("ip", [0], [])).toBe(`"Ash"'Drama'`);
    const answer = prompter.answerList("ip", [0, 4], [{ item: 7 }, { item: 3 }]);
    expect(prompter.readList("ip", answer, [0, 4], 3)).toEqual([
      { title: "Hut", genre: "Comedy" },
      { title: "Dew", genre: "Drama" },
      null,
    ]);
    expect(prompter.answerList("bigrec", [0], [{ item: 7 }, { item: 3 }])).toBe('"Hut"| "Dew"| ');
    expect(prompter.readList("bigrec", '"Hut"| "Dew"| ', [0], 2).map((place) => place?.title)).toEqual([
      "Hut",
      "Dew",
    ]);
  });
});

describe.each(["trail", "published"])("answers in the form of %s", (name) => {
  it("are read back: genres, places, lists; what is missing or unknown is counted, never dropped", async () => {
    const prompter = await prompterOf(name);
    expect(prompter.readGenres(prompter.answerGenres([2, 0]))).toEqual({ genres: [2, 0], unknown: 0 });
    expect(prompter.readGenres("drama, Opera, Comedy, Drama")).toEqual({ genres: [0, 1], unknown: 1 });
    expect(prompter.readGenres("")).toEqual({ genres: [], unknown: 0 });
    for (const kind of ["gf", "ip", "direct"] as const) {
      const places = [7, 3, 2].map((item) => ({ item }));
      const read = prompter.readList(kind, prompter.answerList(kind, [0, 4], places), [0, 4], 4);
      expect(read.map((place) => place?.genre)).toEqual(["Comedy", "Drama", "Horror", undefined]);
      if (kind !== "gf") expect(read.map((place) => place?.title)).toEqual(["Hut", "Dew", "Cup", undefined]);
    }
    expect(prompter.readList("ip", "no list at all", [0], 2)).toEqual([null, null]);
  });
});

describe("a template file of one's own", () => {
  const write = async (change: (own: Awaited<ReturnType<typeof readTemplates>>) => unknown) => {
    const path = join(mkdtempSync(join(tmpdir(), "llmrec-templates-")), "own.yaml");
    writeFileSync(path, stringify(change(structuredClone(await readTemplates("trail")))));
    return path;
  };

  it("changes the words", async () => {
    const path = await write((own) => ({ ...own, gp: { prompt: "{titles}: {count}?", lead: "" } }));
    expect((await prompterOf(path)).ask("gp", question)).toBe('"Ash", "Elm": 2?');
    expect(NAMES.titles).toHaveLength(12);
  });

  it("is refused in one line where it is missing, has a field too many, or can't tell the model what to do", async () => {
    await expect(readTemplates("/nowhere/own.yaml")).rejects.toMatchObject({ code: "NO_TEMPLATES" });
    const odd = await write((own) => ({ ...own, gq: {} }));
    await expect(readTemplates(odd)).rejects.toMatchObject({ code: "BAD_DESCRIPTOR" });
    const mute = await write((own) => ({ ...own, gp: { prompt: "{watched}" } }));
    await expect(readTemplates(mute)).rejects.toMatchObject({ code: "BAD_TEMPLATES" });
    const untitled = await write((own) => ({ ...own, ip: { ...own.ip, entry: "{genre}" } }));
    await expect(readTemplates(untitled)).rejects.toMatchObject({ code: "BAD_TEMPLATES" });
  });
});
