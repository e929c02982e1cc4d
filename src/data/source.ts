import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileError } from "../core/files.js";
import { extractZipEntry, listZip } from "./zip.js";

/** A file that can be read now, and what to call it in messages (`ml-1m.zip/ml-1m/ratings.dat`). */
export interface SourceFile {
  readonly path: string;
  readonly label: string;
}

/** The files of a data set: a folder, a zip archive or a single file, all looked at in the same way. */
export interface Source {
  /** What the user named. */
  readonly label: string;
  /** Paths within it, with "/" between folders, those nearest to the top first. */
  readonly names: readonly string[];
  /** Makes a file readable; one in an archive is unpacked into a temporary folder, once. */
  open(name: string): Promise<SourceFile>;
  /** Removes what was unpacked. */
  close(): Promise<void>;
}

/** How many folders deep the files of a data set are looked for. */
const DEPTH = 3;

/**
 * Opens a folder, a `.zip` or a single file.
 * @throws DataError `FILE_NOT_FOUND`, `NOT_A_ZIP`, `TRUNCATED_ZIP`
 */
export async function openSource(path: string): Promise<Source> {
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  if (info.isDirectory()) return folderSource(path);
  return path.toLowerCase().endsWith(".zip") ? zipSource(path) : fileSource(path);
}

async function folderSource(path: string): Promise<Source> {
  const names: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(path, folder), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const kind = entry.isSymbolicLink() ? await stat(join(path, name)).catch(() => null) : entry;
      if (kind?.isDirectory()) {
        if (depth < DEPTH) await walk(name, depth + 1);
      } else if (kind?.isFile()) {
        names.push(name);
      }
    }
  };
  await walk("", 1).catch((error: unknown) => {
    throw fileError(error, path);
  });
  return {
    label: path,
    names: nearestFirst(names),
    open: (name) => Promise.resolve({ path: join(path, name), label: join(path, name) }),
    close: () => Promise.resolve(),
  };
}

function fileSource(path: string): Source {
  const file = { path, label: path };
  return {
    label: path,
    names: [basename(path)],
    open: () => Promise.resolve(file),
    close: () => Promise.resolve(),
  };
}

async function zipSource(path: string): Promise<Source> {
  // macOS adds a shadow folder with a file of the same name for each file.
  const entries = (await listZip(path)).filter((entry) => !entry.name.startsWith("__MACOSX/"));
  let folder: string | undefined;
  const unpacked = new Map<string, SourceFile>();
  return {
    label: path,
    names: nearestFirst(entries.map((entry) => entry.name)),
    async open(name) {
      const known = unpacked.get(name);
      if (known !== undefined) return known;
      const index = entries.findIndex((entry) => entry.name === name);
      folder ??= await mkdtemp(join(tmpdir(), "llmrec-unzip-"));
      // The archive's own path is never used on disk, so it can't point outside; the ending tells how to read it.
      const target = join(folder, `${index}-${basename(name).replace(/[^\w.-]/g, "_")}`);
      await extractZipEntry(path, entries[index], target);
      const file = { path: target, label: `${path}/${name}` };
      unpacked.set(name, file);
      return file;
    },
    async close() {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function nearestFirst(names: string[]): string[] {
  const depth = (name: string) => name.split("/").length;
  return names.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : a > b ? 1 : 0));
}

/** The path of the file with this name (which may contain folders) nearest to the top, or undefined. */
export function findFile(source: Source, name: string): string | undefined {
  return source.names.find((path) => path === name || path.endsWith(`/${name}`));
}

/** The paths of all files whose name ends so, nearest to the top first. */
export function findEndings(source: Source, ending: string): string[] {
  return source.names.filter((path) => path.toLowerCase().endsWith(ending));
}
