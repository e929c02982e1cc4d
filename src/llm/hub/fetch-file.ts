import { createHash, type Hash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { InterruptedError, ProviderError } from "../../core/errors.js";

/** A file of a repository, as the Hub lists it. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256 of a large file. */
  readonly sha256: string | undefined;
  /** Git's own name of a small one: SHA-1 of "blob SIZE\0" and the content. */
  readonly gitId: string | undefined;
}

/** The checksum that the content is kept under. */
export function checksumOf({ sha256, gitId, path }: HubFile): string {
  const checksum = sha256 ?? gitId;
  if (checksum === undefined) throw new ProviderError("HUB_FAILED", `the Hub gives no checksum of ${path}`);
  return checksum;
}

function hasher(file: HubFile): Hash {
  return file.sha256 === undefined ? createHash("sha1").update(`blob ${file.size}\0`) : createHash("sha256");
}

/**
 * Downloads one file to `blob`, going on where an earlier try stopped (`blob.incomplete`), and checks size and checksum before it
 * takes its name.
 * @param slice - the file's bytes from an offset on.
 * @param advance - told how many bytes came.
 */
export async function fetchFile(
  file: HubFile,
  blob: string,
  slice: (from: number) => Promise<Blob>,
  signal: AbortSignal,
  advance: (bytes: number) => void,
): Promise<void> {
  const partial = `${blob}.incomplete`;
  await mkdir(dirname(blob), { recursive: true });
  const hash = hasher(file);
  let size = 0;
  if (existsSync(partial)) {
    const { size: kept } = await stat(partial);
    if (kept > file.size) await rm(partial);
    else {
      for await (const chunk of createReadStream(partial)) hash.update(chunk as Buffer);
      size = kept;
      advance(size);
    }
  }
  if (size < file.size) {
    const handle = await open(partial, "a");
    try {
      const stream = (await slice(size)).stream() as unknown as AsyncIterable<Uint8Array>;
      for await (const chunk of stream) {
        if (signal.aborted) throw new InterruptedError();
        await handle.write(chunk);
        hash.update(chunk);
        size += chunk.length;
        advance(chunk.length);
        if (size > file.size) break;
      }
    } finally {
      await handle.close();
    }
  }
  // A short file is kept: the next try goes on from there. A wrong one would stay wrong for ever.
  if (size < file.size) {
    throw new ProviderError("DOWNLOAD_CUT", `${file.path}: ${size} of ${file.size} bytes came`, {
      hint: "Run the same command again: the download goes on where it stopped.",
    });
  }
  const found = hash.digest("hex");
  if (size > file.size || found !== checksumOf(file)) {
    await rm(partial, { force: true });
    throw new ProviderError(
      "WRONG_CHECKSUM",
      `${file.path}: the download has the checksum ${found}, not ${checksumOf(file)}`,
      { hint: "Run the same command again; if it stays so, the server or a proxy changes the files." },
    );
  }
  if (file.size === 0 && !existsSync(partial)) await (await open(partial, "a")).close();
  await rename(partial, blob);
}
