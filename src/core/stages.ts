import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Cost, type CostMeter, spentBetween } from "./cost.js";
import { UsageError } from "./errors.js";
import { fileError, writeAtomicallyBy } from "./files.js";
import { hashOf, hashPath } from "./hash.js";

/** How a stage's result lies on disk. `read` is also given files from outside, so it checks what it reads. */
export interface ArtifactFormat<T> {
  /** File name with its extension, such as `factors.safetensors`. */
  readonly file: string;
  write(path: string, value: T): Promise<void>;
  read(path: string): Promise<T>;
}

/** A value as JSON: the format of small artifacts. */
export function jsonArtifact<T>(file: string, check: (value: unknown) => T): ArtifactFormat<T> {
  return {
    file,
    write: (path, value) => writeFile(path, JSON.stringify(value, null, 2) + "\n"),
    read: async (path) => check(JSON.parse(await readFile(path, "utf8"))),
  };
}

export interface Stage<T> {
  /** Short name within its recommender: `factors`, `filter`, `refine`. */
  readonly name: string;
  /** Raise it whenever the same inputs would now give another result. */
  readonly version: number;
  /** Everything that the result depends on, as JSON: options, seed, data hash, keys of the stages before it. */
  readonly inputs: unknown;
  /** What people are told of it beside the inputs; no part of the key. */
  readonly about?: Readonly<Record<string, string | number>>;
  readonly format: ArtifactFormat<T>;
  /**
   * @param workspace - a folder for checkpoints, not made yet: what a killed run leaves there is found again by the next
   * run with the same inputs, and it goes once the stage is finished.
   */
  compute(workspace: string): Promise<T>;
}

export interface StageResult<T> {
  readonly value: T;
  /** Names this artifact in the `inputs` of the stages that build on it. */
  readonly key: string;
  /** The artifact's file. */
  readonly path: string;
}

interface StageRecord {
  stage: string;
  version: number;
  inputs: unknown;
  about?: Readonly<Record<string, string | number>>;
  cost: Cost;
}

/**
 * The stages of one run, kept as files: a finished stage is never computed again, a stage's artifact can be looked at,
 * and any artifact can be given from outside. A stage is named by the hash of what it depends on, so recommenders that
 * share a beginning share its stages; each is still charged the cost of computing it.
 */
export class StageStore {
  /** Keys of stages whose cost the meter holds: a recommender that comes back to its own stage spends nothing more. */
  private readonly charged = new Set<string>();

  /**
   * @param folder - the run's `stages` folder.
   * @param external - `--from`: files that stand in for stages, by `STAGE` or `RECOMMENDER.STAGE`.
   * @param recommender - whose stages these are.
   * @param cost - the meter that stages charge; a reused stage charges what it cost when it was computed.
   * @param finishedOnly - whether a stage that isn't there is an error.
   */
  constructor(
    private readonly folder: string,
    private readonly external: ReadonlyMap<string, string>,
    private readonly recommender: string,
    private readonly cost: CostMeter,
    private readonly finishedOnly = false,
  ) {}

  /** The same stages, charged to another meter. */
  charging(cost: CostMeter): StageStore {
    return new StageStore(this.folder, this.external, this.recommender, cost, this.finishedOnly);
  }

  /** The same stages to be read alone: one that isn't finished is an error, and nothing is written. */
  readingOnly(): StageStore {
    return new StageStore(this.folder, this.external, this.recommender, this.cost, true);
  }

  /** Whether a stage's artifact comes from outside, so that what only it needs can be left out. */
  isGiven(stage: string): boolean {
    return this.fileOf(stage) !== undefined;
  }

  /** The same store for another recommender's stages: those of a part are found under its own name. */
  for(recommender: string): StageStore {
    return new StageStore(this.folder, this.external, recommender, this.cost, this.finishedOnly);
  }

  async run<T>(stage: Stage<T>): Promise<StageResult<T>> {
    const given = this.fileOf(stage.name);
    if (given !== undefined) {
      try {
        return { value: await stage.format.read(given), key: `file:${await hashPath(given)}`, path: given };
      } catch (error) {
        throw fileError(error, given);
      }
    }
    const key = hashOf({ stage: stage.name, version: stage.version, inputs: stage.inputs }).slice(0, 16);
    const home = join(this.folder, `${stage.name}-${key}`);
    const path = join(home, stage.format.file);
    const recordFile = join(home, "stage.json");
    if (existsSync(recordFile)) {
      const record = JSON.parse(await readFile(recordFile, "utf8")) as StageRecord;
      if (!this.charged.has(key)) this.cost.add(record.cost);
      this.charged.add(key);
      return { value: await stage.format.read(path), key, path };
    }
    if (this.finishedOnly) {
      throw new UsageError(
        "STAGE_NOT_FINISHED",
        `the run has no finished stage ${stage.name} of this code and configuration`,
        {
          file: this.folder,
          hint: "Finish the run first, with the same program.",
        },
      );
    }
    const before = this.cost.total;
    const workspace = `${home}.work`;
    const value = await stage.compute(workspace);
    this.charged.add(key);
    const record: StageRecord = {
      stage: stage.name,
      version: stage.version,
      inputs: stage.inputs,
      ...(stage.about !== undefined && { about: stage.about }),
      cost: spentBetween(before, this.cost.total),
    };
    await writeAtomicallyBy(home, async (temporary) => {
      await mkdir(temporary);
      await stage.format.write(join(temporary, stage.format.file), value);
      await writeFile(join(temporary, "stage.json"), JSON.stringify(record, null, 2) + "\n");
    });
    await rm(workspace, { recursive: true, force: true });
    return { value, key, path };
  }

  private fileOf(stage: string): string | undefined {
    return this.external.get(`${this.recommender}.${stage}`) ?? this.external.get(stage);
  }
}

/** `--from [RECOMMENDER.]STAGE=FILE`, as a map from stage to file. */
export function parseExternalStages(specs: readonly string[]): Map<string, string> {
  const external = new Map<string, string>();
  for (const spec of specs) {
    const split = spec.indexOf("=");
    if (split < 1 || split === spec.length - 1) {
      throw new UsageError("BAD_FROM", `--from ${spec}: expected [RECOMMENDER.]STAGE=FILE`);
    }
    external.set(spec.slice(0, split), spec.slice(split + 1));
  }
  return external;
}
