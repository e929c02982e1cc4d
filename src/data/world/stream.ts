import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { join } from "node:path";
import { throwIfInterrupted } from "../../core/errors.js";
import { writeAtomicallyBy } from "../../core/files.js";
import { writeParquet } from "../../core/parquet.js";
import { silentProgress, type Progress } from "../../core/progress.js";
import { makeDialogue } from "./dialogues.js";
import { drawHistory, type History, type Platform } from "./histories.js";
import { makePlatform } from "./platform.js";
import type { WorldOptions } from "./sizes.js";
import { userKey, worldItems } from "./world.js";

export interface StreamOptions extends WorldOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Rows of one Parquet file of interactions: they bound the memory. Default 1,000,000. */
  readonly rowsPerFile?: number;
}

/**
 * Writes a world of any size into a folder, user by user, in memory that does not grow with the number of users:
 * `items.parquet`, `interactions/part-00001.parquet` and so on (columns user, item, rating, time; read them as
 * `interactions/*.parquet`), `dialogues.jsonl`. The rows are those of {@link worldDataset} with the same options.
 * @returns the number of interactions.
 * @throws InterruptedError when the signal is aborted; the files written so far are whole.
 */
export async function streamWorld(folder: string, options: StreamOptions = {}): Promise<number> {
  const platform = makePlatform(options);
  const signal = options.signal ?? new AbortController().signal;
  const progress = options.progress ?? silentProgress();
  await writeItems(join(folder, "items.parquet"), platform);
  const step = progress.start("users", platform.users);
  const rows = new RowBuffer(options.rowsPerFile ?? 1_000_000);
  let files = 0;
  let total = 0;
  const flush = async (): Promise<void> => {
    files++;
    total += rows.length;
    const name = `part-${String(files).padStart(5, "0")}.parquet`;
    await writeParquet(join(folder, "interactions", name), rows.take(platform));
  };
  for (let user = 0; user < platform.users; user++) {
    const history = drawHistory(platform, user);
    if (!rows.fits(history)) await flush();
    rows.add(user, history);
    if (user % 1000 === 999) {
      // The work above never waits: without this, neither a signal nor a timer would be heard.
      await new Promise((resolve) => setImmediate(resolve));
      throwIfInterrupted(signal);
      step.update(user + 1);
    }
  }
  if (rows.length > 0) await flush();
  step.end();
  await writeDialogues(join(folder, "dialogues.jsonl"), platform, signal);
  return total;
}

/** Columns of a fixed capacity that are filled and emptied. */
class RowBuffer {
  length = 0;
  private readonly users: Int32Array;
  private readonly items: Int32Array;
  private readonly ratings: Uint8Array;
  private readonly times: Float64Array;

  constructor(private readonly capacity: number) {
    this.users = new Int32Array(capacity);
    this.items = new Int32Array(capacity);
    this.ratings = new Uint8Array(capacity);
    this.times = new Float64Array(capacity);
  }

  fits(history: History): boolean {
    return this.length + history.films.length <= this.capacity;
  }

  add(user: number, history: History): void {
    if (!this.fits(history)) throw new RangeError("one user has more rows than a file may hold");
    this.users.fill(user, this.length, this.length + history.films.length);
    this.items.set(history.films, this.length);
    this.ratings.set(history.ratings, this.length);
    this.times.set(history.times, this.length);
    this.length += history.films.length;
  }

  /** The rows with external ids; the buffer is empty afterwards. */
  take(platform: Platform): Parameters<typeof writeParquet>[1] {
    const length = this.length;
    this.length = 0;
    return {
      user: Array.from(this.users.subarray(0, length), userKey),
      item: Array.from(this.items.subarray(0, length), (item) => platform.catalogue.films[item].key),
      rating: this.ratings.subarray(0, length),
      time: this.times.subarray(0, length),
    };
  }
}

async function writeItems(path: string, platform: Platform): Promise<void> {
  const items = worldItems(platform.catalogue);
  await writeParquet(path, {
    item: items.keys,
    title: items.titles,
    genres: items.categories.map((genres) => genres.map((genre) => items.categoryNames[genre]).join("|")),
    ...items.texts,
    released: items.attributes.released,
  });
}

async function writeDialogues(path: string, platform: Platform, signal: AbortSignal): Promise<void> {
  await writeAtomicallyBy(path, async (temporary) => {
    const out = createWriteStream(temporary);
    for (let number = 0; number < platform.dialogues; number++) {
      if (!out.write(`${JSON.stringify(makeDialogue(platform, number))}\n`)) {
        await once(out, "drain");
        throwIfInterrupted(signal);
      }
    }
    out.end();
    await finished(out);
  });
}
