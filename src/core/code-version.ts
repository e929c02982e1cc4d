import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "./hash.js";

let known: Promise<string> | undefined;

/**
 * A hash over the program's own source as it runs: results that were computed by other code are never taken for
 * results of this one, whether or not somebody remembered to raise a version number.
 */
export function codeVersion(): Promise<string> {
  known ??= hashSources(dirname(dirname(fileURLToPath(import.meta.url))));
  return known;
}

async function hashSources(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /(?<!\.d)\.(js|ts)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const parts = await Promise.all(
    files.map(async (file) => `${relative(folder, file)}:${sha256(await readFile(file))}`),
  );
  return sha256(parts.join("\n")).slice(0, 16);
}
