import { stringify } from "yaml";
import type { FinishedRun } from "../run.js";

/** How a run can be made again: its words, its whole configuration, and what must then be equal. */
export interface Recipe {
  /** As it was typed. */
  readonly command: string;
  /** The same with everything in a file. */
  readonly fromFile: string;
  /** What that file holds, YAML. */
  readonly config: string;
  readonly expectations: readonly { readonly what: string; readonly value: string }[];
}

/** The recipe of a run, from its manifest; what an older or broken manifest lacks is left out. */
export function recipeOf({ manifest, scoreboard }: FinishedRun): Recipe {
  const words = Array.isArray(manifest.arguments) ? manifest.arguments.map(String) : [];
  const command = typeof manifest.command === "string" ? manifest.command : "";
  const stages = words.flatMap((word, at) => (words[at - 1] === "--from" ? ["--from", word] : []));
  const program = mapping(manifest.program);
  const git = mapping(program.git);
  const expectations = [
    { what: "data (hash)", value: scoreboard.dataHash },
    { what: "split (hash)", value: scoreboard.splitHash },
    { what: "program", value: plain(program.version) },
    { what: "source (hash)", value: plain(program.code) },
    { what: "commit", value: plain(git.commit) + (git.dirty === true ? " with changes" : "") },
    { what: "Node", value: plain(program.node) },
  ];
  return {
    command: shell(["llmrec", ...command.split(" "), ...words]),
    fromFile: shell(["llmrec", ...command.split(" "), "--config", "experiment.yaml", ...stages]),
    config: stringify(manifest.config ?? {}),
    expectations: expectations.filter(({ value }) => value !== ""),
  };
}

/** Words as a POSIX shell reads them back. */
export function shell(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./#-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : "";
}
