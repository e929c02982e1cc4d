import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { UsageError } from "../core/errors.js";
import { packageRoot } from "../core/files.js";
import { suggestName } from "../core/names.js";
import { readYaml } from "./yaml-file.js";

const remoteFile = z.strictObject({
  url: z.url(),
  /** What the publisher gives; null where it is unknown, never a guess. */
  bytes: z.int().positive().nullable(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  md5: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .nullable(),
});

const descriptor = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string().min(1),
  summary: z.string().min(1),
  homepage: z.url().nullable(),
  licence: z.strictObject({ name: z.string(), url: z.url().nullable(), terms: z.string() }),
  citation: z.string().nullable(),
  /** Readers that its files may fit, the publisher's own format first. */
  readers: z.array(z.string()).min(1),
  /** What the complete data set holds, as far as it is known, to tell it from a part of it. */
  counts: z
    .strictObject({
      users: z.int().positive().optional(),
      items: z.int().positive().optional(),
      interactions: z.int().positive().optional(),
      dialogues: z.int().positive().optional(),
    })
    .optional(),
  remarks: z.array(z.string()).optional(),
  /** How to get the data where they can't be fetched. */
  by_hand: z.string().optional(),
  files: z.array(remoteFile),
});

/** A file to be fetched, and what is known about it. */
export type RemoteFile = z.output<typeof remoteFile>;

/** A public data set: where it is, under which terms, and how it is read. */
export type DatasetDescriptor = z.output<typeof descriptor>;

/**
 * All public data sets, by name: one YAML file each in the program's folder `datasets/`.
 * @throws UsageError `BAD_DESCRIPTOR`
 */
export async function loadRegistry(
  folder = join(packageRoot(), "datasets"),
): Promise<ReadonlyMap<string, DatasetDescriptor>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".yaml"));
  const registry = new Map<string, DatasetDescriptor>();
  for (const file of files) {
    const path = join(folder, file);
    const dataset = await readYaml(path, descriptor);
    if (dataset.name !== basename(file, ".yaml")) {
      throw new UsageError("BAD_DESCRIPTOR", `the name "${dataset.name}" is not the file's name`, {
        file: path,
      });
    }
    registry.set(dataset.name, dataset);
  }
  return new Map([...registry].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The data set of this name.
 * @throws UsageError `UNKNOWN_DATASET` with the nearest name
 */
export async function findDataset(name: string): Promise<DatasetDescriptor> {
  const registry = await loadRegistry();
  const found = registry.get(name);
  if (found !== undefined) return found;
  throw new UsageError("UNKNOWN_DATASET", `there is no data set "${name}"`, {
    hint: `${suggestName(name, [...registry.keys()])} Or give the path of a folder, a table or a descriptor.`,
  });
}
