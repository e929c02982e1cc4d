import { basename } from "node:path";
import { DataError, LlmrecError } from "../core/errors.js";
import type { RemoteFile } from "./registry.js";

/** A fault that another attempt may mend. */
export class TransientError extends Error {
  constructor(
    message: string,
    /** Milliseconds that the server asked to wait. */
    readonly waitAtLeast = 0,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** Throws for any status but 200 and 206: a fault that may pass, or one that will not. */
export function refuseStatus(response: Response, remote: RemoteFile): void {
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
export function announcedSize(response: Response, remote: RemoteFile, from: number): number | null {
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

/** Throws where the first bytes are a web page, or not the kind of archive that the name says. */
export function refuseContent(first: Buffer, remote: RemoteFile, part: string): void {
  const text = first.toString("latin1");
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

/** The error of a file that is not as long as it was published. */
export function wrongSize(remote: RemoteFile, file: string, found: string): DataError {
  return new DataError("WRONG_SIZE", `the file has ${found} bytes instead of ${remote.bytes ?? "?"}`, {
    file: file.replace(/\.part$/, ""),
    hint: `It is not the file that was published as ${remote.url}.`,
  });
}

/** A failed connection as a fault that may pass; our own errors unchanged. */
export function dropped(error: unknown): unknown {
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
