import { existsSync } from "node:fs";
import { mkdir, readFile, rename, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { writeAtomically } from "../../core/files.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** The Hub's cache folder: `$HF_HUB_CACHE`, else `$HF_HOME/hub`, else `~/.cache/huggingface/hub`: the one that Python uses. */
export function hubCacheDir(environment: Environment = process.env): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = environment;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  return HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE ?? join(home, "hub");
}

/** Where a repository's files lie in the cache, in the layout of Python's huggingface_hub. */
export class RepositoryCache {
  private readonly root: string;

  constructor(cacheDir: string, repository: string) {
    this.root = join(cacheDir, `models--${repository.replace("/", "--")}`);
  }

  /** The folder of one commit. */
  snapshot(commit: string): string {
    return join(this.root, "snapshots", commit);
  }

  /** The content of a file, named by its checksum. */
  blob(checksum: string): string {
    return join(this.root, "blobs", checksum);
  }

  /** The commit that a branch or tag stood for when it was last looked up; a commit stands for itself. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (existsSync(this.snapshot(revision))) return revision;
    const file = join(this.root, "refs", revision);
    return existsSync(file) ? (await readFile(file, "utf8")).trim() : undefined;
  }

  async remember(revision: string, commit: string): Promise<void> {
    if (revision !== commit) await writeAtomically(join(this.root, "refs", revision), commit);
  }

  /** Shows a blob as a file of a snapshot: a relative link, or the file itself where links aren't allowed (Windows). */
  async place(checksum: string, commit: string, path: string): Promise<void> {
    const file = join(this.snapshot(commit), path);
    if (existsSync(file)) return;
    await mkdir(dirname(file), { recursive: true });
    const blob = this.blob(checksum);
    try {
      await symlink(relative(dirname(file), blob), file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return;
      if (code !== "EPERM" && code !== "ENOSYS") throw error;
      await rename(blob, file);
    }
  }
}
