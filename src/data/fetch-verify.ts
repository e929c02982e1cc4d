import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError } from "../core/errors.js";
import { canonicalJson } from "../core/hash.js";
import type { Progress } from "../core/progress.js";
import { wrongSize } from "./fetch-response.js";
import type { RemoteFile } from "./registry.js";
import { listZip } from "./zip.js";

/** A file that is there now. */
export interface FetchedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** False where it was there before. */
  readonly fetched: boolean;
}

/** A file's size, or null where there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  const info = await stat(path).catch(() => null);
  return info === null ? null : info.size;
}

/** The file, if it is there and right. A wrong one is an error offline, and is fetched again else. */
export async function verifyKept(
  remote: RemoteFile,
  target: string,
  offline: boolean,
  progress: Progress,
): Promise<FetchedFile | undefined> {
  if ((await sizeOf(target)) === null) return undefined;
  const stamped = await readStamp(remote, target);
  if (stamped !== undefined) return { path: target, ...stamped, fetched: false };
  try {
    const verified = await verify(remote, target, target);
    // A folder that can't be written to only costs the check again.
    await writeStamp(remote, target, verified.sha256).catch(() => undefined);
    return { path: target, ...verified, fetched: false };
  } catch (error) {
    if (offline || !(error instanceof DataError)) throw error;
    progress.warn(`${target}: ${error.message}; it is fetched again`);
    return undefined;
  }
}

/** That a file was verified is noted beside it, so that gigabytes are not hashed at every run. */
interface Stamp {
  bytes: number;
  modified: number;
  expected: RemoteFile;
  sha256: string;
}

const stampPath = (target: string) => join(dirname(target), `.${basename(target)}.verified`);

/** Notes that a file was verified. */
export async function writeStamp(remote: RemoteFile, target: string, sha256: string): Promise<void> {
  const { size, mtimeMs } = await stat(target);
  const stamp: Stamp = { bytes: size, modified: mtimeMs, expected: remote, sha256 };
  await writeFile(stampPath(target), JSON.stringify(stamp));
}

async function readStamp(
  remote: RemoteFile,
  target: string,
): Promise<{ bytes: number; sha256: string } | undefined> {
  try {
    const stamp = JSON.parse(await readFile(stampPath(target), "utf8")) as Stamp;
    const { size, mtimeMs } = await stat(target);
    const same =
      stamp.bytes === size &&
      stamp.modified === mtimeMs &&
      canonicalJson(stamp.expected) === canonicalJson(remote);
    return same ? { bytes: size, sha256: stamp.sha256 } : undefined;
  } catch {
    return undefined;
  }
}

/** Deletes an unfinished download. */
export async function discard(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}

/** Checks a complete file. What is wrong is deleted if it is a download of ours. */
export async function verify(
  remote: RemoteFile,
  path: string,
  target: string,
): Promise<{ bytes: number; sha256: string }> {
  const sha = createHash("sha256");
  const md5 = createHash("md5");
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    sha.update(chunk as Buffer);
    md5.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  const found = { sha256: sha.digest("hex"), md5: md5.digest("hex") };
  try {
    if (remote.bytes !== null && bytes !== remote.bytes) throw wrongSize(remote, target, String(bytes));
    for (const kind of ["sha256", "md5"] as const) {
      const expected = remote[kind];
      if (expected !== null && expected !== found[kind]) {
        throw new DataError("WRONG_HASH", `its ${kind} is ${found[kind]} instead of ${expected}`, {
          file: target,
          hint: `It is not the file that was published as ${remote.url}.`,
        });
      }
    }
    if (path.replace(/\.part$/, "").endsWith(".zip")) await listZip(path);
  } catch (error) {
    if (path !== target) await discard(path);
    throw error;
  }
  return { bytes, sha256: found.sha256 };
}
