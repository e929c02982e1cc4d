import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** JSON with object keys sorted at every level, so that equal values have equal text. Undefined properties are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** SHA-256 in hex of a string or of bytes. */
export function sha256(content: string | NodeJS.ArrayBufferView): string {
  return createHash("sha256").update(content).digest("hex");
}

/** SHA-256 in hex of a value's canonical JSON. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** SHA-256 in hex over several arrays, each framed by its type and length so that no two lists collide by concatenation. */
export function hashArrays(arrays: readonly NodeJS.ArrayBufferView[]): string {
  const hash = createHash("sha256");
  for (const array of arrays) {
    hash.update(`${array.constructor.name}:${String(array.byteLength)};`);
    hash.update(array);
  }
  return hash.digest("hex");
}

/** SHA-256 in hex over several texts, each framed by its length. */
export function hashTexts(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${String(text.length)}:${text};`);
  return hash.digest("hex");
}

/** SHA-256 in hex of a file, read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** SHA-256 in hex of a file, or of the names and contents of all files in a folder. */
export async function hashPath(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return hashFile(path);
  const names = (await readdir(path)).sort();
  return hashOf(await Promise.all(names.map(async (name) => [name, await hashPath(join(path, name))])));
}
