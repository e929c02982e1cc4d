import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DataError, InterruptedError, throwIfInterrupted } from "../core/errors.js";
import { fileError } from "../core/files.js";
import { silentProgress, type Progress } from "../core/progress.js";
import {
  announcedSize,
  dropped,
  refuseContent,
  refuseStatus,
  TransientError,
  wrongSize,
} from "./fetch-response.js";
import { discard, sizeOf, verify, verifyKept, writeStamp, type FetchedFile } from "./fetch-verify.js";
import type { RemoteFile } from "./registry.js";

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

/** What is kept beside an unfinished download, to go on only with the same file. */
interface PartNote {
  url: string;
  validator: string | null;
}

const MEGABYTE = 1 << 20;

/** How many bytes tell a web page from a file. */
const HEAD = 512;

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
  let response: Response | undefined;
  let writing = false;
  try {
    response = await fetch(remote.url, {
      headers,
      signal: AbortSignal.any([options.signal, stalled.signal]),
    }).catch((error: unknown) => {
      throw dropped(error);
    });
    if (response.status === 416) {
      // Everything had arrived before; only the name was missing.
      if (response.headers.get("content-range") === `bytes */${have}`) return;
      await discard(part);
      throw new TransientError("the server has another file than before");
    }
    refuseStatus(response, remote);
    const from = response.status === 206 ? have : 0;
    const total = announcedSize(response, remote, from);
    await writeFile(`${part}.json`, JSON.stringify({ url: remote.url, validator: validatorOf(response) }));
    const file = await open(part, from > 0 ? "r+" : "w");
    writing = true;
    const step = options.progress.start(
      `fetch ${basename(part, ".part")} (MB)`,
      total === null ? undefined : Math.ceil(total / MEGABYTE),
    );
    let at = from;
    let head = Buffer.alloc(0);
    try {
      for await (const chunk of bodyOf(response)) {
        clearTimeout(timer);
        timer = setTimeout(() => {
          stalled.abort();
        }, stall);
        if (from === 0 && head.length < HEAD) {
          head = Buffer.concat([head, chunk]);
          if (head.length >= HEAD) refuseContent(head, remote, part);
        }
        await file.write(chunk, 0, chunk.length, at);
        at += chunk.length;
        if (remote.bytes !== null && at > remote.bytes) {
          throw wrongSize(remote, part, `more than ${remote.bytes}`);
        }
        step.update(Math.floor(at / MEGABYTE));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if (total !== null && at < total) {
      throw new TransientError(`the connection ended after ${at} of ${total} bytes`);
    }
    if (head.length < HEAD && from === 0) refuseContent(head, remote, part);
    step.end();
  } catch (error) {
    await response?.body?.cancel().catch(() => undefined);
    if (writing && error instanceof DataError) await discard(part);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The bytes of an answer; a broken connection is a fault that may pass. */
async function* bodyOf(response: Response): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response.body ?? []) yield Buffer.from(chunk as Uint8Array);
  } catch (error) {
    throw dropped(error);
  }
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
