import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { reportOf, type ErrorReport } from "../../../src/core/errors.js";
import type { Dataset } from "../../../src/data/dataset.js";
import { readDataset, type ReadOptions } from "../../../src/data/readers/index.js";

/** A temporary folder with these files, removed after the test. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "llmrec-test-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** The report of the failure that a promise ends in; a success is a failure of the test. */
export async function failureOf(promise: Promise<unknown>): Promise<ErrorReport> {
  try {
    await promise;
  } catch (error) {
    const report = reportOf(error);
    if (report.code === "UNEXPECTED") throw error;
    return report;
  }
  throw new Error("no failure");
}

/** Reads one file with this content. */
export function readContent(name: string, content: string | Uint8Array, options: Partial<ReadOptions> = {}) {
  return readDataset({ path: join(folderOf({ [name]: content }), name), ...options });
}

/** `[user key, item key, value, time]` of every interaction, in order. */
export function rowsOf({ users, items, interactions }: Dataset): unknown[][] {
  const { values, times } = interactions;
  return Array.from(interactions.users, (user, n) => [
    users.keys[user],
    items.keys[interactions.items[n]],
    ...(values === null ? [] : [values[n]]),
    ...(times === null ? [] : [times[n]]),
  ]);
}

/** The genre names of each item. */
export function genresOf({ items }: Dataset): string[][] {
  return items.categories.map((list) => list.map((category) => items.categoryNames[category]));
}

/** `role: text [words=item key, ...]` of each turn of a dialogue. */
export function spell({ items, dialogues }: Dataset, number: number): string[] {
  return dialogues![number].turns.map(({ role, text, mentions }) => {
    const named = mentions.map(
      ({ item, start, end, passing }) =>
        `${text.slice(start, end)}=${item < 0 ? "?" : items.keys[item]}${passing ? "~" : ""}`,
    );
    return `${role}: ${text} [${named.join(", ")}]`;
  });
}
