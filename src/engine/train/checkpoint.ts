import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../core/errors.js";
import { writeAtomicallyBy } from "../../core/files.js";
import { hashOf } from "../../core/hash.js";
import { readSafetensors, writeSafetensors } from "../../core/safetensors.js";
import type { Tensors } from "../run/compile.js";
import type { TrainerState } from "./trainer.js";

/** Where a run of {@link fit} stands, beside the trainer's own state. */
export interface Position {
  /** Epochs done. */
  readonly epoch: number;
  /** Batches done in the epoch that is under way. */
  readonly batch: number;
  /** Sum of the losses of these batches. */
  readonly lossSum: number;
  readonly history: readonly EpochRecord[];
  readonly best: { readonly epoch: number; readonly metric: number } | null;
  /** Validations since the best one. */
  readonly stale: number;
}

export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Mean over the epoch's batches. */
  readonly loss: number;
  /** The validation metric, where this epoch was validated. */
  readonly metric: number | null;
}

/** @typeParam P - where the run stands: {@link Position} for {@link fit}; plain JSON. */
export interface Checkpoint<P = Position> {
  readonly position: P;
  readonly state: TrainerState;
  /** The parameters of the best validation. */
  readonly best: Tensors | null;
  /** What the run depends on; a checkpoint of another run is refused. */
  readonly run: unknown;
}

interface CheckpointFile<P> {
  readonly format: 1;
  readonly step: number;
  readonly run: unknown;
  readonly position: P;
}

const PREFIX = "step-";

async function checkpointFolders(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const names = await readdir(folder);
  return names.filter((name) => /^step-\d+$/.test(name)).sort();
}

/**
 * Writes a checkpoint as a folder of its own (`step-00000120/` with `state.safetensors`, `best.safetensors`,
 * `checkpoint.json`), then removes older ones: a run killed at any moment leaves a whole checkpoint.
 * @returns the folder.
 */
export async function writeCheckpoint<P>(folder: string, checkpoint: Checkpoint<P>): Promise<string> {
  const { position, state, best, run } = checkpoint;
  const older = await checkpointFolders(folder);
  const name = PREFIX + String(state.step).padStart(8, "0");
  const home = join(folder, name);
  if (older.includes(name)) await rm(home, { recursive: true });
  const record: CheckpointFile<P> = { format: 1, step: state.step, run, position };
  await writeAtomicallyBy(home, async (temporary) => {
    await mkdir(temporary);
    await writeSafetensors(join(temporary, "state.safetensors"), state.tensors);
    if (best !== null) await writeSafetensors(join(temporary, "best.safetensors"), best);
    await writeFile(join(temporary, "checkpoint.json"), JSON.stringify(record, null, 2) + "\n");
  });
  for (const old of older) if (old !== name) await rm(join(folder, old), { recursive: true, force: true });
  return home;
}

/**
 * The newest checkpoint of a folder, if there is one.
 * @param run - what the run depends on.
 * @throws DataError where the checkpoint belongs to another run, or can't be read.
 */
export async function readCheckpoint<P = Position>(
  folder: string,
  run: unknown,
): Promise<Checkpoint<P> | undefined> {
  const newest = (await checkpointFolders(folder)).at(-1);
  if (newest === undefined) return undefined;
  const home = join(folder, newest);
  const file = join(home, "checkpoint.json");
  const record = JSON.parse(await readFile(file, "utf8")) as CheckpointFile<P>;
  if (hashOf(record.run) !== hashOf(run)) {
    throw new DataError(
      "OTHER_CHECKPOINT",
      "the checkpoint was written by a run with other options, seed or data",
      {
        file,
        hint: "Remove the folder to start anew, or run with the options that it records.",
      },
    );
  }
  const bestFile = join(home, "best.safetensors");
  return {
    run,
    position: record.position,
    state: { step: record.step, tensors: await readSafetensors(join(home, "state.safetensors")) },
    best: existsSync(bestFile) ? await readSafetensors(bestFile) : null,
  };
}
