import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "./errors.js";
import { fileError } from "./files.js";

/** The file that says who works in a folder. */
export const LOCK_FILE = "in-use.json";

const REFRESH = 20_000;
/** A holder on another machine that has not been heard of for so long is taken for dead; training blocks a process for minutes. */
const SILENCE = 15 * 60_000;
const SETTLE = 60;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

export interface LockOptions {
  /** How long to wait for the holder to go, in milliseconds: a process whose parent was killed needs a moment to notice. */
  readonly patience?: number;
  readonly onWait?: () => void;
}

/**
 * Reserves a folder for this process until the returned function is called. The lock of a dead process (on this machine: no such
 * process; on another: silent for 15 minutes) is taken over.
 * @throws UsageError FOLDER_IN_USE naming the process that works there.
 */
export async function lockFolder(folder: string, options: LockOptions = {}): Promise<() => Promise<void>> {
  const file = join(folder, LOCK_FILE);
  const token = randomBytes(8).toString("hex");
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), token } satisfies Holder) + "\n";
  const until = Date.now() + (options.patience ?? 0);
  try {
    await mkdir(folder, { recursive: true });
    for (let told = false; ;) {
      if (await claim(file, mine)) break;
      const holder = await read(file);
      if (holder !== undefined && (await isAlive(holder, file))) {
        if (Date.now() >= until) throw inUse(holder, folder);
        if (!told) options.onWait?.();
        told = true;
        await sleep(250);
        continue;
      }
      // Several may take over at once: the last one to put its name there has it, and the others see that.
      const temporary = `${file}.${token}.tmp`;
      await writeFile(temporary, mine);
      await rename(temporary, file);
      await sleep(SETTLE);
      if ((await read(file))?.token === token) break;
    }
  } catch (error) {
    throw fileError(error, file);
  }
  const heartbeat = setInterval(() => {
    utimes(file, new Date(), new Date()).catch(() => undefined);
  }, REFRESH);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    if ((await read(file))?.token === token) await rm(file, { force: true });
  };
}

async function claim(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined where there is no lock, or one that was cut while it was written. */
async function read(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

async function isAlive({ pid, host }: Holder, file: string): Promise<boolean> {
  if (host !== hostname()) {
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: 0 }));
    return Date.now() - mtimeMs < SILENCE;
  }
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is one as well.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function inUse({ pid, host }: Holder, folder: string): UsageError {
  return new UsageError("FOLDER_IN_USE", `process ${pid} on ${host} works in this folder`, {
    file: folder,
    hint: `Wait for it, or choose another folder with --out. If it is gone for good, delete ${LOCK_FILE} there.`,
  });
}
