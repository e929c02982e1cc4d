import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DataError, LlmrecError, UsageError } from "./errors.js";

/**
 * The program's own folder: the nearest one above this file that holds package.json. Compiled files lie one level
 * deeper than their sources, so a fixed number of `..` would be wrong in one of the two.
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("package.json not found above the program");
    folder = parent;
  }
  return folder;
}

/** A file-system failure as an error that names the path and what to do; other errors pass unchanged. */
export function fileError(error: unknown, path: string): unknown {
  if (error instanceof LlmrecError) return error;
  switch (errorCodeOf(error)) {
    case "ENOENT":
      return new DataError("FILE_NOT_FOUND", "no such file or folder", { file: path, cause: error });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new UsageError("NOT_WRITABLE", "no permission to read or write here", {
        file: path,
        hint: "Choose another folder with --out, or change its permissions.",
        cause: error,
      });
    case "ENOTDIR":
    case "EEXIST":
      return new UsageError("NOT_A_FOLDER", "a file stands where a folder is needed", {
        file: path,
        hint: "Choose another folder with --out.",
        cause: error,
      });
    case "ENOSPC":
      return new UsageError("DISK_FULL", "no space is left on this disk; nothing half-written was kept", {
        file: path,
        hint: "Free some space or choose another folder with --out; the same command then goes on.",
        cause: error,
      });
    default:
      return error;
  }
}

/** The system's error code; libraries that write files themselves (DuckDB) only tell it in words. */
function errorCodeOf(error: unknown): string | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (/No space left on device/i.test(message)) return "ENOSPC";
  if (/Permission denied/i.test(message)) return "EACCES";
  return code;
}

/**
 * Writes by way of a temporary neighbour and a rename, so that a reader, or a killed run, never meets half a file.
 * @param write - receives the temporary path; what it leaves there becomes the file (or folder) at `path`.
 */
export async function writeAtomicallyBy(
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw fileError(error, path);
  }
}

/** {@link writeAtomicallyBy} for content already in memory. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await writeAtomicallyBy(path, (temporary) => writeFile(temporary, content));
}

/** A value as indented JSON with a final newline, written atomically. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomically(path, JSON.stringify(value, null, 2) + "\n");
}
