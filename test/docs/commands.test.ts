import { readdir, readFile, writeFile, cp } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../src/core/files.js";
import { ratingsFolder, run } from "../commands/cli.js";

/** What a page shows in a code block, as words. */
interface Documented {
  readonly page: string;
  readonly words: readonly string[];
}

interface Manifest {
  commands: Record<string, { flags: Record<string, { type: string; options?: string[] }> }>;
}

const TASKS = ["coldllm", "explainctr", "dlcrec", "rta"];

/** Every `llmrec ...` and `npm ...` line in the code blocks of the pages: comments cut off, continued lines joined. */
async function documented(): Promise<Documented[]> {
  const root = packageRoot();
  const pages = (await readdir(join(root, "docs")))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name));
  const found: Documented[] = [];
  for (const page of ["README.md", ...pages]) {
    const text = await readFile(join(root, page), "utf8");
    for (const [, block] of text.matchAll(/^```(?:sh|bash|console)?\n(.*?)^```/gms)) {
      for (const line of block.replaceAll(/\\\n\s*/g, " ").split("\n")) {
        const command = /^\s*(?:\$ |npx )?((?:llmrec|npm) .*)$/.exec(line)?.[1];
        if (command === undefined) continue;
        // What follows two spaces or a # is a remark.
        const words = command.replace(/(\s#|\s{2,}).*$/, "").split(" ");
        found.push({ page, words });
      }
    }
  }
  return found;
}

const all = await documented();
const manifest = JSON.parse(await readFile(join(packageRoot(), "oclif.manifest.json"), "utf8")) as Manifest;

/** The command's name in the manifest: the longest beginning of the words that is one. */
function commandOf(words: readonly string[]): string | undefined {
  const names = [words.slice(1, 3).join(":"), words[1]];
  return names.find((name) => Object.hasOwn(manifest.commands, name));
}

const unique = (lists: readonly Documented[]) => [
  ...new Map(lists.map((one) => [one.words.join(" "), one])).values(),
];

describe("the commands in README and docs", () => {
  it("are found", () => {
    expect(all.length).toBeGreaterThan(15);
  });

  it.each(
    unique(all.filter(({ words }) => words[0] === "llmrec")).map(({ page, words }) => [
      words.join(" "),
      page,
    ]),
  )("exists, with its flags: %s (%s)", (text) => {
    const words = text.split(" ");
    const name = commandOf(words);
    expect(name).toBeDefined();
    const { flags } = manifest.commands[name!];
    const common = ["help", "json", "quiet"];
    for (const word of words.filter((one) => one.startsWith("--")))
      expect([...Object.keys(flags), ...common]).toContain(word.slice(2).split("=")[0]);
  });

  it("are scripts of this package where npm runs them", async () => {
    const { scripts } = JSON.parse(await readFile(join(packageRoot(), "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    for (const { words } of all) {
      if (words[0] === "npm" && words[1] === "run") expect(Object.keys(scripts)).toContain(words[2]);
    }
  });
});

describe("a documented run, made small", () => {
  let folder: string;
  let runs: string[];

  beforeAll(async () => {
    ({ folder } = await ratingsFolder());
    await cp(join(packageRoot(), "examples"), join(folder, "examples"), { recursive: true });
    await cp(join(packageRoot(), "examples", "sweep.yaml"), join(folder, "sweep.yaml"));
    await writeFile(join(folder, "my-plugin.js"), 'export default { name: "my-plugin" };');
    const dirs: string[] = [];
    for (const seed of [1, 2]) {
      const words = [
        "coldllm",
        "--dataset",
        "ratings.csv",
        "--recommenders",
        "popularity,random",
        "--seeds",
        `${seed}`,
      ];
      const done = await run([...words, "--json"], folder);
      dirs.push((JSON.parse(done.stdout) as { run: { dir: string } }).run.dir);
    }
    runs = dirs;
    await run(["check", "--baseline", "baseline.json", "--update", runs[0]], folder);
  });

  const small = unique(all).filter(({ words }) => {
    const name = commandOf(words);
    return (
      words[0] === "llmrec" &&
      (TASKS.includes(name ?? "") || ["compare", "check", "report", "sweep"].includes(name ?? ""))
    );
  });

  it.each(small.map(({ words }) => [words.join(" ")]))("%s", async (text) => {
    const words = text.split(" ").slice(1);
    if (words.includes("slurm")) return;
    const made = madeSmall(words, runs);
    const { code, stderr } = await run(made, folder);
    expect([made.join(" "), code, code === 0 ? "" : stderr]).toEqual([made.join(" "), 0, ""]);
  });
});

function madeSmall(words: readonly string[], runs: readonly string[]): string[] {
  // A whole experiment in a file takes hours: what it would run is settled without running it.
  if (words.includes("--config")) return ["config", "show", ...words];
  return TASKS.includes(words[0]) ? smallTask(words) : withRuns(words, runs);
}

/**
 * The same command in seconds and without data from outside: our small table in place of a data set (the tiny world for dialogues), the
 * fastest recommenders in place of all and of those that need a model or text, one seed.
 */
function smallTask(words: readonly string[]): string[] {
  const [command, ...rest] = words;
  const has = (flag: string) => rest.includes(flag);
  const kept: string[] = [];
  const replaced = [
    "--dataset",
    "--data",
    "--recommenders",
    "--hybrid",
    "--compare-to",
    "--seeds",
    "--llm",
    "--plugin",
    "--from",
    "--set",
    // A published split belongs to its data.
    "--split",
  ];
  for (let at = 0; at < rest.length; at++) {
    if (replaced.includes(rest[at])) at++;
    else kept.push(rest[at]);
  }
  const fast = command === "coldllm" ? ["popularity", "item-knn"] : [];
  const named = has("--recommenders") && command === "coldllm" ? fast.join(",") : "control";
  const data =
    has("--dataset") && command === "coldllm" ? ["--dataset", "ratings.csv"] : ["--set", "world.size=tiny"];
  return [
    command,
    ...kept,
    ...data,
    ...["--recommenders", named],
    ...(has("--hybrid") && command === "coldllm" ? ["--hybrid", "popularity+item-knn"] : []),
    ...(has("--compare-to") && command === "coldllm" ? ["--compare-to", "popularity"] : []),
    ...(has("--split") && command === "coldllm" ? ["--split", "cold-item"] : []),
    ...(has("--plugin") ? ["--plugin", "./my-plugin.js"] : []),
    ...(has("--seeds") ? ["--seeds", "1"] : []),
  ];
}

/** The command on runs that are there. */
function withRuns(words: readonly string[], runs: readonly string[]): string[] {
  let next = 0;
  const given = words.map((word) => (/^runs\//.test(word) ? (runs[next++] ?? runs[0]) : word));
  if (words[0] === "check" && next === 0) return [...given, runs[0]];
  if (words[0] === "compare" && next === 1) return [...given, runs[1]];
  return given;
}
