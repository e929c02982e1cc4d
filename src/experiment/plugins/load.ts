import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../../core/errors.js";
import { sha256 } from "../../core/hash.js";
import { METRICS, registerMetric } from "../../metrics/registry.js";
import { ALL_RECOMMENDERS } from "../registry.js";
import type { Recommender } from "../../recommenders/recommender.js";
import type { TaskId } from "../../tasks/task.js";
import type { Plugin, PluginDataset, PluginMetric } from "./plugin.js";

/** Everything that a run's plugins bring along. */
export interface LoadedPlugins {
  /** The program's own, then the plugins'. */
  readonly recommenders: readonly Recommender<TaskId>[];
  readonly metrics: readonly PluginMetric[];
  readonly datasets: readonly PluginDataset[];
  /** Hash of each plugin's source by its name: what it computed before is not taken for what it computes now. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Imports plugins: a path (with a slash) from the working directory, or a package from its `node_modules` and those above. This runs
 * their code: only what the user names is ever loaded.
 * @throws UsageError PLUGIN_NOT_FOUND, BAD_PLUGIN (its default export is no plugin, or it fails to load), PLUGIN_CLASH (a name is taken).
 */
export async function loadPlugins(
  names: readonly string[],
  from: string = process.cwd(),
): Promise<LoadedPlugins> {
  const plugins: Plugin[] = [];
  const versions: Record<string, string> = {};
  for (const name of names) {
    const file = await findModule(name, from);
    const plugin = checked(name, await importModule(name, file));
    if (Object.hasOwn(versions, plugin.name)) throw clash(name, `plugin ${plugin.name}`);
    versions[plugin.name] = await hashOfSource(file);
    plugins.push(plugin);
  }
  const recommenders = [...ALL_RECOMMENDERS];
  for (const plugin of plugins) {
    for (const one of plugin.recommenders ?? []) {
      if (recommenders.some(({ id, task }) => id === one.id && task === one.task)) {
        throw clash(plugin.name, `recommender ${one.id} of ${one.task}`);
      }
      recommenders.push(one);
    }
  }
  const metrics = plugins.flatMap((plugin) => plugin.metrics ?? []);
  metrics.forEach(({ name, title, better, formula }, at) => {
    const taken = metrics.findIndex((other) => other.name === name) < at;
    if (taken || METRICS.some((known) => known.name === name)) throw clash("plugins", `metric ${name}`);
    registerMetric({ name, title, better, formula, per: "case", cutoff: true });
  });
  return { recommenders, metrics, datasets: plugins.flatMap((plugin) => plugin.datasets ?? []), versions };
}

function clash(plugin: string, what: string): UsageError {
  return new UsageError("PLUGIN_CLASH", `${plugin}: there is already a ${what}`);
}

async function findModule(name: string, from: string): Promise<string> {
  const isPath = /^[./]|[\\/].*\.[cm]?js$/.test(name);
  const place = isPath ? resolve(from, name) : packageFolder(name, from);
  if (place === undefined || !existsSync(place)) {
    throw new UsageError("PLUGIN_NOT_FOUND", `there is no plugin ${name}`, {
      hint: isPath
        ? "The path starts at the working directory; TypeScript must be compiled first."
        : `Install it here (npm install ${name}), or give a path that starts with ./.`,
    });
  }
  return /\.[cm]?js$/.test(place) ? place : join(place, await mainOf(place));
}

/** The nearest `node_modules/NAME` at or above a folder. */
function packageFolder(name: string, from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(found)) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

/** The main module of a package: what `exports` gives an import, else `main`. */
async function mainOf(folder: string): Promise<string> {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return "index.js";
  const { exports, main } = JSON.parse(await readFile(file, "utf8")) as { exports?: unknown; main?: string };
  return entryIn(exports) ?? main ?? "index.js";
}

function entryIn(exports: unknown): string | undefined {
  if (typeof exports === "string") return exports;
  if (typeof exports !== "object" || exports === null) return undefined;
  const conditions = exports as Record<string, unknown>;
  for (const key of [".", "import", "node", "default"]) {
    const found = entryIn(conditions[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function importModule(name: string, file: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(file).href)) as { default?: unknown }).default;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError("BAD_PLUGIN", `the plugin ${name} does not load: ${message}`, {
      file,
      cause: error,
    });
  }
}

/** The least that must be true of a plugin, so that a mistake is told here and not as a type error in the middle of a run. */
function checked(name: string, value: unknown): Plugin {
  const bad = (why: string) =>
    new UsageError("BAD_PLUGIN", `the plugin ${name}: ${why}`, {
      hint: "Its module must export definePlugin({ name, recommenders, metrics, datasets }) as default.",
    });
  if (typeof value !== "object" || value === null) throw bad("no default export");
  const { name: own, recommenders = [], metrics = [], datasets = [] } = value as UncheckedPlugin;
  if (typeof own !== "string" || own === "") throw bad("it has no name");
  const isName = (text: unknown) => typeof text === "string" && /^[a-z][a-z0-9-]*$/.test(text);
  for (const { id, options, fit } of recommenders) {
    if (!isName(id))
      throw bad(`a recommender's id must be lower case with hyphens, not ${JSON.stringify(id)}`);
    if (typeof options?.safeParse !== "function") throw bad(`${String(id)}: options must be a zod schema`);
    if (typeof fit !== "function") throw bad(`${String(id)} has no function fit`);
  }
  for (const { name: metric, ofList } of metrics) {
    if (!isName(metric))
      throw bad(`a metric's name must be lower case with hyphens, not ${JSON.stringify(metric)}`);
    if (typeof ofList !== "function") throw bad(`${String(metric)} has no function ofList`);
  }
  for (const { name: dataset, open } of datasets) {
    if (typeof dataset !== "string" || typeof open !== "function")
      throw bad("a data set needs a name and a function open");
  }
  return value as Plugin;
}

/** A plugin as it comes: nothing is known of its parts. */
interface UncheckedPlugin {
  readonly name?: unknown;
  readonly recommenders?: readonly { id?: unknown; options?: { safeParse?: unknown }; fit?: unknown }[];
  readonly metrics?: readonly { name?: unknown; ofList?: unknown }[];
  readonly datasets?: readonly { name?: unknown; open?: unknown }[];
}

/** Hash of the scripts of the package that holds a module; of the module alone where it is in no package. */
async function hashOfSource(file: string): Promise<string> {
  let folder = dirname(file);
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  const files = existsSync(join(folder, "package.json")) ? await scriptsIn(folder) : [file];
  const parts: string[] = [];
  for (const one of files) parts.push(`${relative(folder, one)}:${sha256(await readFile(one))}`);
  return sha256(parts.join("\n")).slice(0, 16);
}

/** Scripts alone: run folders below hold JSON that changes with every run. */
async function scriptsIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".")) {
      found.push(...(await scriptsIn(path)));
    } else if (entry.isFile() && /\.[cm]?js$/.test(entry.name)) found.push(path);
  }
  return found.sort();
}
