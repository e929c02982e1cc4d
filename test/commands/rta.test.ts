import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { run, start, temporaryFolder } from "./cli.js";

const film = (title: string) => ({
  movie: [title],
  movie_link: [`<http://dbpedia.org/resource/${title.replaceAll(" ", "_")}>`],
  movie_name: [title],
});
const nothing = { movie: [], movie_link: [], movie_name: [] };
const turn = (role: string, text: string, title?: string) => ({
  ...{ role, text, entity_link: [], entity_name: [] },
  ...(title === undefined ? nothing : film(title)),
});

const FILMS = ["The Locked Room", "Quiet Harbour", "Red Meridian", "Paper Lanterns"];

/** Dialogues in each of which a film is named and another is recommended. */
const talks = (count: number) =>
  Array.from({ length: count }, (_, n) => {
    const [named, next] = [FILMS[n % FILMS.length], FILMS[(n + 1) % FILMS.length]];
    const said = [turn("SEEKER", `I liked ${named}`, named), turn("RECOMMENDER", `Try ${next}`, next)];
    return JSON.stringify(said) + "\n";
  }).join("");

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const [part, count] of [
    ["train", 6],
    ["dev", 2],
    ["test", 2],
  ] as const)
    await writeFile(join(folder, `${part}.jsonl`), talks(count));
});

describe("llmrec rta samples", () => {
  it("writes what the recommender says in training dialogues, as fine-tuning reads it", async () => {
    const words = ["rta", "samples", "inspired", "--data", folder, "--to", "talk.jsonl", "--json"];
    const { code, stdout, stderr } = await run(words, folder);
    expect(stderr).not.toMatch(/error/i);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ samples: 6, file: "talk.jsonl" });
    const lines = (await readFile(join(folder, "talk.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(JSON.parse(lines[0])).toEqual({
      prompt: "User: I liked The Locked Room\nSystem:",
      completion: " Try Quiet Harbour",
    });
  });
});

describe("llmrec rta chat", () => {
  it("fits the gated method once, then answers from the catalogue and never what was named", async () => {
    const words = ["rta", "chat", "--dataset", "inspired", "--data", folder, "--json", "--length", "2"];
    const chat = async (input: string) => {
      const { code, stdout } = await start(words, { cwd: folder, input }).finished;
      expect(code).toBe(0);
      return (JSON.parse(stdout) as { turns: ChatTurn[] }).turns;
    };
    const [first, second] = await chat("I liked the locked room.\n\nsomething else?\n");
    expect(first).toMatchObject({ said: "I liked the locked room.", named: [FILMS[0]] });
    expect(first.films).toHaveLength(2);
    expect(first.films.every(({ nearest }) => nearest?.title === FILMS[0])).toBe(true);
    expect(first.languageModelShare).toBeGreaterThan(0);
    expect(first.languageModelShare).toBeLessThan(1);
    expect(second.named).toEqual([]);
    const all = [FILMS[0], ...[first, second].flatMap(({ films }) => films.map(({ title }) => title))];
    expect([...all].sort()).toEqual([...FILMS].sort());

    const [kept] = (await readdir(join(folder, "runs"))).filter((name) => name.startsWith("rta-chat-"));
    const adapted = async () =>
      (await readdir(join(folder, "runs", kept, "stages"))).filter((name) => name.startsWith("adapt-"));
    expect(await adapted()).toHaveLength(1);
    expect((await chat("I liked the locked room.\n"))[0]).toEqual(first);
    expect(await adapted()).toHaveLength(1);
  });
});

interface ChatTurn {
  readonly said: string;
  readonly named: readonly string[];
  readonly films: readonly {
    readonly title: string;
    readonly nearest: { readonly title: string; readonly cosine: number } | null;
  }[];
  readonly languageModelShare: number | null;
}
