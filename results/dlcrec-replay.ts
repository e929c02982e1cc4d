/**
 * Makes results/dlcrec-replay-movie/: the published answers of DLCRec's models, scored here, and what recommenders without a
 * language model answer to the same cases.
 *
 *     npx tsx results/dlcrec-replay.ts path/to/dlcrec-movie
 *
 * docs/dlcrec.md says where the files come from. The result is equal from run to run.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../src/core/files.js";
import { createProgress } from "../src/core/progress.js";
import { replayFolder } from "../src/methods/dlcrec/replay/replay.js";
import { answerPublishedCases } from "../src/methods/dlcrec/replay/rivals.js";
import { renderReplay, renderRivals, replayJson } from "../src/report/dlcrec-replay.js";

/** All recommenders of the task that learn without a language model. */
const RIVALS = ["popularity", "popular-in-genre", "markov", "fpmc", "gru4rec", "caser", "sasrec"];

const data = process.argv.at(2);
if (data === undefined) throw new Error("name the folder of the published files");
const context = { progress: createProgress({ quiet: false }), signal: new AbortController().signal };
const replay = await replayFolder(data, context);
const folder = join(packageRoot(), "results", "dlcrec-replay-movie");
await mkdir(folder, { recursive: true });
const page = { width: 110, ansi: false };
await writeFile(join(folder, "replay.json"), JSON.stringify(replayJson(replay), null, 2) + "\n");
await writeFile(join(folder, "table.md"), renderReplay(replay, "md", page));
const rivals = await answerPublishedCases(data, replay, RIVALS, context);
await writeFile(join(folder, "rivals.json"), JSON.stringify(rivals, null, 2) + "\n");
await writeFile(join(folder, "rivals.md"), renderRivals(rivals, "md", page));
