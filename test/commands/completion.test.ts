import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { completionScript } from "../../commands/shared/completion.js";

const flag = (name: string, values: string[] = []) => ({ name, summary: `It's ${name}.`, values });
const commands = [
  { name: "bench", summary: "Run.", flags: [flag("seeds")] },
  { name: "coldllm", summary: "", flags: [flag("dataset"), flag("data")] },
  { name: "coldllm replay", summary: "", flags: [flag("format", ["text", "md"])] },
  { name: "datasets list", summary: "", flags: [] },
];

/** What bash offers for the last of the words. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `${completionScript("bash", "llmrec", commands)}
COMP_WORDS=(llmrec "$@"); COMP_CWORD=$#; _llmrec; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)("bash", ["-c", script, "bash", ...words]);
  return stdout.split("\n").filter((line) => line !== "");
}

describe("completion", () => {
  it("offers commands, what they go on with, their flags, and the values of a flag", async () => {
    expect(await offered("")).toEqual(["bench", "coldllm", "datasets"]);
    expect(await offered("co")).toEqual(["coldllm"]);
    expect(await offered("datasets", "")).toEqual(["list"]);
    expect(await offered("coldllm", "--data")).toEqual(["--dataset", "--data"]);
    expect(await offered("coldllm", "--dataset", "x", "--")).toEqual(["--dataset", "--data"]);
    expect(await offered("coldllm", "replay", "--format", "")).toEqual(["text", "md"]);
    expect(await offered("bench", "x")).toEqual([]);
  });

  it("quotes for fish", () => {
    expect(completionScript("fish", "llmrec", commands)).toContain(
      "complete -c llmrec -n '__fish_seen_subcommand_from coldllm; and __fish_seen_subcommand_from replay' -l format -x -a 'text md' -d 'It\\'s format.'",
    );
    expect(completionScript("zsh", "llmrec", commands)).toMatch(/^autoload/);
  });
});
