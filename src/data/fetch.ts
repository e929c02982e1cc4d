import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DataError, InterruptedError, LlmrecError, throwIfInterrupted } from "../core/errors.js";
import { fileError } from "../core/files.js";
import { canonicalJson } from "../core/hash.js";
import { silentProgress, type Progress } from "../core/progress.js";
import type { RemoteFile } from "./registry.js";
import { listZip } from "./zip.js";

export interface FetchOptions {
  /** Do not touch the network. */
  offline?: boolean;
  progress?: Progress;
  signal?: AbortSignal;
  /** Attempts in a row that may bring nothing new before it is given up. */
  attempts?: number;
  /** Milliseconds to wait before the n-th new attempt (from 1). */
  wait?: (attempt: number) => number;
  /** Milliseconds without a byte after which a connection counts as dropped. */
  stall?: number;
}

/** A file that is there now. */
export interface FetchedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** False where it was there before. */
  readonly fetched: boolean;
}

/** What is kept beside an unfinished download, to go on only with the same file. */
interface PartNote {
  url: string;
  validator: string | null;
}

const MEGABYTE = 1 << 20;

/** A fault that another attempt may mend. */
class TransientError extends Error {
  constructor(
    message: string,
    /** Milliseconds that the server asked to wait. */
    readonly waitAtLeast = 0,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/**
 * Brings a file to `target`, or finds it there. An interrupted download goes on where it stopped if the server can tell
 * that the file is still the same; a dropped connection is tried again with a growing wait. The file appears under its
 * name only when its length and hashes are right.
 * @throws DataError `OFFLINE`, `WRONG_SIZE`, `WRONG_HASH`, `NOT_THE_FILE` (a web page, or no archive), `FETCH_REFUSED`
 *   (an HTTP status), `FETCH_FAILED` (the connection, after all attempts)
 */
export async function fetchFile(
  remote: RemoteFile,
  target: string,
  options: FetchOptions = {},
): Promise<FetchedFile> {
  const { progress = silentProgress(), signal = new AbortController().signal } = options;
  const kept = await verifyKept(remote, target, options.offline === true, progress);
  if (kept !== undefined) return kept;
  if (options.offline === true) {
    throw new DataError("OFFLINE", "this file is not here, and --offline forbids fetching it", {
      file: target,
      hint: `Get ${remote.url} on a machine with a network and put it there.`,
    });
  }
  const part = `${target}.part`;
  try {
    await mkdir(dirname(target), { recursive: true });
    await downloadAll(remote, part, { ...options, progress, signal });
    const verified = await verify(remote, part, target);
    await rename(part, target);
    await rm(`${part}.json`, { force: true });
    await writeStamp(remote, target, verified.sha256);
    return { path: target, ...verified, fetched: true };
  } catch (error) {
    throw fileError(error, target);
  }
}

async function verifyKept(
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

async function writeStamp(remote: RemoteFile, target: string, sha256: string): Promise<void> {
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

async function sizeOf(path: string): Promise<number | null> {
  const info = await stat(path).catch(() => null);
  return info === null ? null : info.size;
}

/** Repeats attempts until the part is complete. */
async function downloadAll(
  remote: RemoteFile,
  part: string,
  options: FetchOptions & { progress: Progress; signal: AbortSignal },
): Promise<void> {
  const { signal, progress, attempts = 5, wait = (n) => Math.min(30_000, 1000 * 2 ** (n - 1)) } = options;
  let failures = 0;
  let mostBytes = (await sizeOf(part)) ?? 0;
  for (;;) {
    throwIfInterrupted(signal);
    try {
      await downloadOnce(remote, part, options);
      return;
    } catch (error) {
      if (signal.aborted) throw new InterruptedError();
      if (!(error instanceof TransientError)) throw error;
      // Only what was never reached before is progress: a server that ignores ranges must not keep us for ever.
      const bytes = (await sizeOf(part)) ?? 0;
      if (bytes >= mostBytes + MEGABYTE) failures = 0;
      mostBytes = Math.max(mostBytes, bytes);
      failures++;
      if (failures >= attempts) {
        throw new DataError("FETCH_FAILED", `${remote.url}: ${error.message} (${failures} attempts)`, {
          file: part.replace(/\.part$/, ""),
          hint: "What has arrived is kept: run the same command again to go on.",
          cause: error,
        });
      }
      const pause = Math.max(wait(failures), error.waitAtLeast);
      progress.note(`${remote.url}: ${error.message}; next attempt in ${(pause / 1000).toFixed(0)} s`);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function downloadOnce(
  remote: RemoteFile,
  part: string,
  options: FetchOptions & { progress: Progress; signal: AbortSignal },
): Promise<void> {
  const note = await readNote(part, remote.url);
  const have = note === null ? 0 : ((await sizeOf(part)) ?? 0);
  const stalled = new AbortController();
  const stall = options.stall ?? 60_000;
  let timer = setTimeout(() => {
    stalled.abort();
  }, stall);
  const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "llmrec-bench" };
  if (have > 0) {
    headers.range = `bytes=${have}-`;
    headers["if-range"] = note!.validator!;
  }
  try {
    const response = await fetch(remote.url, {
      headers,
      signal: AbortSignal.any([options.signal, stalled.signal]),
    }).catch((error: unknown) => {
      throw dropped(error);
    });
    if (response.status === 416) {
      await rm(part, { force: true });
      await response.body?.cancel();
      throw new TransientError("the server has another file than before");
    }
    refuseStatus(response, remote);
    const from = response.status === 206 ? have : 0;
    const total = announcedSize(response, remote, from);
    await writeFile(`${part}.json`, JSON.stringify({ url: remote.url, validator: validatorOf(response) }));
    const file = await open(part, from > 0 ? "r+" : "w");
    const step = options.progress.start(
      `fetch ${basename(part, ".part")} (MB)`,
      total === null ? undefined : Math.ceil(total / MEGABYTE),
    );
    let at = from;
    try {
      const body = response.body?.[Symbol.asyncIterator]();
      for (;;) {
        const next = await body?.next().catch((error: unknown) => {
          throw dropped(error);
        });
        if (next === undefined || next.done === true) break;
        clearTimeout(timer);
        timer = setTimeout(() => {
          stalled.abort();
        }, stall);
        const chunk = Buffer.from(next.value as Uint8Array);
        if (at === 0) refusePage(chunk, remote, part);
        await file.write(chunk, 0, chunk.length, at);
        at += chunk.length;
        if (remote.bytes !== null && at > remote.bytes)
          throw wrongSize(remote, part, `more than ${remote.bytes}`);
        step.update(Math.floor(at / MEGABYTE));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if (total !== null && at < total)
      throw new TransientError(`the connection ended after ${at} of ${total} bytes`);
    step.end();
  } catch (error) {
    if (error instanceof DataError) await discard(part);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function discard(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}

/** The note of an unfinished download that can go on; null where it must begin anew. */
async function readNote(part: string, url: string): Promise<PartNote | null> {
  try {
    const note = JSON.parse(await readFile(`${part}.json`, "utf8")) as PartNote;
    return note.url === url && note.validator !== null ? note : null;
  } catch {
    return null;
  }
}

/** What tells that the file is the same: a strong ETag, else the date of its last change. */
function validatorOf(response: Response): string | null {
  const etag = response.headers.get("etag");
  if (etag?.startsWith('"')) return etag;
  return response.headers.get("last-modified");
}

function refuseStatus(response: Response, remote: RemoteFile): void {
  if (response.status === 200 || response.status === 206) return;
  const status = `HTTP ${response.status} ${response.statusText}`.trim();
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    const seconds = Number(response.headers.get("retry-after") ?? 0);
    throw new TransientError(status, Number.isFinite(seconds) ? Math.min(seconds, 60) * 1000 : 0);
  }
  throw new DataError("FETCH_REFUSED", `${remote.url}: ${status}`, {
    hint: "Has the file moved? See the data set's homepage.",
  });
}

/** The whole file's size as the server has it, or null. @throws where it contradicts the descriptor or the range asked for */
function announcedSize(response: Response, remote: RemoteFile, from: number): number | null {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/html") && !/\.html?$/.test(new URL(remote.url).pathname)) throw aPage(remote);
  const encoded = (response.headers.get("content-encoding") ?? "identity") !== "identity";
  const length = encoded ? null : response.headers.get("content-length");
  let total = length === null ? null : Number(length) + from;
  if (response.status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
    if (range === null || Number(range[1]) !== from) {
      throw new TransientError("the server sent another part than asked for");
    }
    if (range[2] !== "*") total = Number(range[2]);
  }
  if (remote.bytes !== null && total !== null && total !== remote.bytes) {
    throw wrongSize(remote, remote.url, String(total));
  }
  return total;
}

function refusePage(first: Buffer, remote: RemoteFile, part: string): void {
  const text = first.subarray(0, 512).toString("latin1");
  if (/^\s*<(!doctype html|html)/i.test(text)) throw aPage(remote);
  const name = basename(part, ".part");
  if (
    (name.endsWith(".zip") && !text.startsWith("PK")) ||
    (name.endsWith(".gz") && !text.startsWith("\x1f\x8b"))
  ) {
    throw new DataError(
      "NOT_THE_FILE",
      `${remote.url} sent something that is not a ${name.split(".").pop()!} file`,
      {
        hint: "See the data set's homepage; a proxy may stand between.",
      },
    );
  }
}

function aPage(remote: RemoteFile): DataError {
  return new DataError("NOT_THE_FILE", `${remote.url} sent a web page instead of the file`, {
    hint: "Open it in a browser: the file has moved, or a login page stands between.",
  });
}

function wrongSize(remote: RemoteFile, file: string, found: string): DataError {
  return new DataError("WRONG_SIZE", `the file has ${found} bytes instead of ${remote.bytes ?? "?"}`, {
    file: file.replace(/\.part$/, ""),
    hint: `It is not the file that was published as ${remote.url}.`,
  });
}

function dropped(error: unknown): unknown {
  if (error instanceof LlmrecError) return error;
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const name =
    error instanceof Error && error.name === "AbortError" ? "no byte came for too long" : undefined;
  return new TransientError(
    name ?? `the connection failed (${cause?.code ?? cause?.message ?? (error as Error).message})`,
    0,
    error,
  );
}

/** Checks a complete file. What is wrong is deleted if it is a download of ours. */
async function verify(
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
