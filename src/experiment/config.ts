import { readFile } from "node:fs/promises";
import { parse, parseDocument } from "yaml";
import { z } from "zod";
import { UsageError } from "../core/errors.js";
import { fileError } from "../core/files.js";
import { suggestName } from "../core/names.js";
import { filterOptions } from "../data/filters.js";
import { interactionColumns } from "../data/readers/table-descriptor.js";

/** Options by name, as given: checked by whoever owns them (a split strategy, a recommender). */
const looseOptions = z.record(z.string(), z.unknown());

const declaredComparison = z.strictObject({
  /** The row to be better than. */
  to: z.string().min(1),
  /** The rows to test; all that are no control where left out. */
  of: z.array(z.string().min(1)).min(1).optional(),
  /** The metrics to test; the main ones that have a direction where left out. */
  metrics: z.array(z.string().min(1)).min(1).optional(),
  /** Whose p value is corrected and marked; the others are kept as well. Pooled metrics always take the bootstrap. */
  test: z.enum(["t", "wilcoxon", "bootstrap"]).default("t"),
});

/**
 * Everything that decides a run's result, in one place: what `--config FILE` holds, what flags and `--set` change, what
 * the manifest prints and what the run folder's name is the hash of.
 */
export const runConfig = z.strictObject({
  /** Registry name, or the path of a file or folder. */
  dataset: z.string().min(1).default("world"),
  /** Folder of the data set's files; the cache folder where left out. */
  data: z.string().min(1).optional(),
  /** Size and seed of the embedded world. */
  world: looseOptions.default({}),
  /** Which columns of a plain table mean what. */
  columns: interactionColumns.partial().optional(),
  filter: filterOptions.default({}),
  /** `name` of a strategy with its options, or `file` of a saved split. The task's default where left out. */
  split: looseOptions.default({}),
  /** Options of the task, such as the threshold of a like (`ctr`). */
  task: looseOptions.default({}),
  /** Ids, or the groups `all`, `classic`, `llm`, `control`. */
  recommenders: z.array(z.string().min(1)).min(1).default(["all"]),
  /** Options by recommender id. */
  options: z.record(z.string(), looseOptions).default({}),
  /** Recommenders to combine, two or three each: rows of their own besides those of `recommenders`. */
  hybrids: z
    .array(z.array(z.string().min(1)).min(2))
    .min(1)
    .optional(),
  /** Packages, or paths that start with `./`, whose recommenders, metrics and data sets take part. */
  plugins: z.array(z.string().min(1)).min(1).optional(),
  /** Options of each recommender are chosen on validation among so many sets of them, the given ones first. */
  tune: z.int().min(2).optional(),
  /** The language model of the methods that need one: `embedded`, `hf:ORG/NAME`, `dir:PATH`, `openai:BASE_URL#MODEL`, `replay:FILE`. */
  llm: z.string().min(1).default("embedded"),
  seeds: z.array(z.int().min(0)).min(1).default([1]),
  /** What will be tested, declared before the run: each entry tests rows against one reference row. */
  comparisons: z.array(declaredComparison).min(1).optional(),
  /** Cut-offs of the ranking metrics, ascending; lists are kept at the largest. */
  ks: z.array(z.int().min(1)).min(1).default([20]),
});

export type RunConfig = z.infer<typeof runConfig>;
export type RunConfigInput = z.input<typeof runConfig>;

const SECTIONS = Object.keys(runConfig.shape);

/** Reads a YAML configuration. Unknown keys are found later, when the layers are joined. */
export async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw fileError(error, path);
  }
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    const { message, linePos } = document.errors[0];
    throw new UsageError("BAD_CONFIG", message.split("\n")[0], {
      file: path,
      line: linePos?.[0].line,
      column: linePos?.[0].col,
    });
  }
  const value: unknown = document.toJS();
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new UsageError("BAD_CONFIG", "the configuration must be a mapping of names to values", {
      file: path,
    });
  }
  return value as Record<string, unknown>;
}

/**
 * `--set a.b=c` as a nested record; the value is read as YAML, so that 3 is a number and [a, b] a list.
 * A first part that is no section of the configuration is a recommender: `als.factors=64` sets `options.als.factors`.
 */
export function parseSetting(setting: string): Record<string, unknown> {
  const equals = setting.indexOf("=");
  const path = setting.slice(0, equals).split(".");
  if (equals < 1 || path.some((part) => part === "")) {
    throw new UsageError("BAD_SETTING", `--set ${setting}: expected NAME.NAME=VALUE`);
  }
  return nestedSetting(setting.slice(0, equals), parse(setting.slice(equals + 1)));
}

/** A value under the name that `--set` has for it, as a nested record. */
export function nestedSetting(name: string, value: unknown): Record<string, unknown> {
  const path = name.split(".");
  const full = SECTIONS.includes(path[0]) ? path : ["options", ...path];
  return full.reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as Record<string, unknown>;
}

/**
 * Joins layers, later ones over earlier ones, mapping by mapping, and checks the result.
 * @throws UsageError naming the first wrong key or value.
 */
export function resolveConfig(layers: readonly Readonly<Record<string, unknown>>[]): RunConfig {
  const joined = layers.reduce<Record<string, unknown>>((below, above) => merge(below, above), {});
  for (const key of Object.keys(joined)) {
    if (!SECTIONS.includes(key)) {
      throw new UsageError("UNKNOWN_OPTION", `unknown configuration key ${key}`, {
        hint: suggestName(key, SECTIONS),
      });
    }
  }
  const parsed = runConfig.safeParse(joined);
  if (!parsed.success) throw badConfig(parsed.error.issues[0]);
  const ks = Array.from(new Set(parsed.data.ks)).sort((a, b) => a - b);
  const seeds = Array.from(new Set(parsed.data.seeds));
  return { ...parsed.data, ks, seeds };
}

function badConfig(issue: z.core.$ZodIssue): UsageError {
  const place = issue.path.map(String).join(".");
  if (issue.code !== "unrecognized_keys") return new UsageError("BAD_CONFIG", `${place}: ${issue.message}`);
  const [key] = issue.keys;
  return new UsageError("UNKNOWN_OPTION", `unknown configuration key ${place}.${key}`, {
    hint: suggestName(key, keysAt(runConfig, issue.path)),
  });
}

/** The keys that a schema knows at a path; none where it is no mapping. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return keysAt(schema.unwrap(), path);
  if (schema instanceof z.ZodArray && path.length > 0) return keysAt(schema.element, path.slice(1));
  if (!(schema instanceof z.ZodObject)) return [];
  const shape = schema.shape as Readonly<Record<string, z.core.$ZodType>>;
  return path.length === 0 ? Object.keys(shape) : keysAt(shape[String(path[0])], path.slice(1));
}

function merge(
  below: Record<string, unknown>,
  above: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const out = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const other = out[key];
    out[key] = isMapping(other) && isMapping(value) ? merge(other, value) : value;
  }
  return out;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
