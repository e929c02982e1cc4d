/**
 * Reads made-up rating files of the size of MovieLens 1M and 20M and prints the seconds and the peak of memory.
 * Run: node --import tsx bench/readers.ts [1m|20m|zip20m]... (all by default; needs about 1 GB in the temporary folder).
 * Each measurement is a process of its own, so that the peak is its own. On a busy machine trust the processor seconds.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream, existsSync, mkdirSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Zip, ZipDeflate } from "fflate";
import { Random } from "../src/core/random.js";

const SIZES = {
  "1m": { ratings: 1_000_000, users: 6_040, items: 3_900, format: "dat" },
  "20m": { ratings: 20_000_000, users: 138_000, items: 27_000, format: "csv" },
  zip20m: { ratings: 20_000_000, users: 138_000, items: 27_000, format: "zip" },
} as const;
type Size = keyof typeof SIZES;

/** Writes the files of one size, unless they are there, and returns the path to read. */
async function make(size: Size): Promise<string> {
  const { ratings, users, items, format } = SIZES[size];
  const folder = join(tmpdir(), `llmrec-bench-readers-${ratings}`);
  const dat = format === "dat";
  const [separator, ending] = dat ? ["::", ".dat"] : [",", ".csv"];
  const path = join(folder, `ratings${ending}`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const random = Random.fromSeed(1);
    const movies = Array.from({ length: items }, (_, n) =>
      [n + 1, `Film ${n} (1999)`, "Drama|War"].join(separator),
    );
    await writeFile(
      join(folder, `movies${ending}`),
      [...(dat ? [] : ["movieId,title,genres"]), ...movies, ""].join("\n"),
    );
    const people = Array.from({ length: users }, (_, n) => `${n + 1}::F::25::4::12345`);
    if (dat) await writeFile(join(folder, "users.dat"), [...people, ""].join("\n"));
    const out = createWriteStream(path);
    if (!dat) out.write("userId,movieId,rating,timestamp\n");
    for (let at = 0; at < ratings;) {
      let block = "";
      for (const end = Math.min(ratings, at + 20_000); at < end; at++) {
        const user = Math.floor((at * users) / ratings) + 1;
        // Squaring gives a popular head and a long tail.
        const item = Math.floor(random.uniform() ** 2 * items) + 1;
        const time = 800_000_000 + Math.floor(random.uniform() * 6e8);
        block += [user, item, Math.ceil(random.uniform() * 5), time].join(separator) + "\n";
      }
      if (!out.write(block)) await once(out, "drain");
    }
    out.end();
    await once(out, "close");
  }
  return format === "zip" ? zipped(folder) : folder;
}

async function zipped(folder: string): Promise<string> {
  const path = `${folder}.zip`;
  if (existsSync(path)) return path;
  const out = createWriteStream(path);
  const zip = new Zip((_error, chunk) => out.write(chunk));
  for (const name of ["movies.csv", "ratings.csv"]) {
    const entry = new ZipDeflate(`data/${name}`, { level: 1 });
    zip.add(entry);
    for await (const chunk of createReadStream(join(folder, name))) {
      entry.push(chunk as Buffer);
      if (out.writableNeedDrain) await once(out, "drain");
    }
    entry.push(new Uint8Array(0), true);
  }
  zip.end();
  out.end();
  await once(out, "close");
  return path;
}

/** In the measured process: reads, and prints one line of JSON. */
async function measure(path: string): Promise<void> {
  const begun = performance.now();
  const { readDataset } = await import("../src/data/readers/index.js");
  await import("@duckdb/node-api");
  const loaded = performance.now();
  const before = process.cpuUsage();
  const { users, items, interactions } = await readDataset({ path });
  const seconds = (performance.now() - loaded) / 1000;
  const after = process.cpuUsage(before);
  const cpu = (after.user + after.system) / 1e6;
  const peak = process.resourceUsage().maxRSS / 1024;
  const counts = [users.keys.length, items.keys.length, interactions.users.length];
  console.log(JSON.stringify({ load: (loaded - begun) / 1000, seconds, cpu, peak, counts }));
}

const [first, ...more] = process.argv.slice(2) as (string | undefined)[];
if (first === "--measure") {
  await measure(more[0]!);
} else {
  const sizes = first === undefined ? (Object.keys(SIZES) as Size[]) : ([first, ...more] as Size[]);
  for (const size of sizes) {
    const path = await make(size);
    for (let run = 1; run <= 3; run++) {
      const line = execFileSync(
        process.execPath,
        ["--import", "tsx", fileURLToPath(import.meta.url), "--measure", path],
        { encoding: "utf8" },
      );
      const { load, seconds, cpu, peak, counts } = JSON.parse(line) as {
        load: number;
        seconds: number;
        cpu: number;
        peak: number;
        counts: number[];
      };
      const megabytes = statSync(path).isFile() ? ` (${(statSync(path).size / 1e6).toFixed(0)} MB)` : "";
      console.log(
        `${size}${megabytes} run ${run}: ${counts.join(" x ")}; reading ${seconds.toFixed(2)} s (${cpu.toFixed(2)} s of processor; loading the program ${load.toFixed(2)} s), peak ${peak.toFixed(0)} MB`,
      );
    }
  }
}
