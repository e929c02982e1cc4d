import { existsSync } from "node:fs";
import type { ConfigLayer } from "../../src/experiment/explain-config.js";

/** The flags that are settings of the run. */
export interface SettingFlags {
  dataset?: string;
  data?: string;
  recommenders?: string;
  hybrid: string[];
  plugin: string[];
  tune?: number;
  llm?: string;
  seeds?: string;
  split?: string;
  "compare-to": string[];
  set: string[];
  config?: string;
}

/**
 * The layers of a run's configuration, later ones over earlier ones: the command's own defaults, the configuration file,
 * flags (or the environment in their place), `--set`.
 * @param typed - names of the flags that were typed; the others came from the environment.
 */
export async function configLayers(
  defaults: Readonly<Record<string, unknown>>,
  flags: SettingFlags,
  typed: ReadonlySet<string>,
): Promise<ConfigLayer[]> {
  const { parseSetting, readConfigFile } = await import("../../src/experiment/config.js");
  const list = (text: string) => text.split(",").map((part) => part.trim());
  const given = (name: keyof SettingFlags, values: Readonly<Record<string, unknown>>): ConfigLayer => ({
    origin: typed.has(name) ? `--${name}` : `LLMREC_${name.toUpperCase()}`,
    values,
  });
  const { dataset, data, recommenders, hybrid, plugin, tune, llm, seeds, split, config } = flags;
  const compared = flags["compare-to"];
  return [
    { origin: "the command", values: defaults },
    ...(config === undefined ? [] : [{ origin: config, values: await readConfigFile(config) }]),
    ...(dataset === undefined ? [] : [given("dataset", { dataset })]),
    ...(data === undefined ? [] : [given("data", { data })]),
    ...(recommenders === undefined ? [] : [given("recommenders", { recommenders: list(recommenders) })]),
    ...(hybrid.length === 0 ? [] : [given("hybrid", { hybrids: hybrid.map((ids) => ids.split("+")) })]),
    ...(plugin.length === 0 ? [] : [given("plugin", { plugins: plugin })]),
    ...(tune === undefined ? [] : [given("tune", { tune })]),
    ...(llm === undefined ? [] : [given("llm", { llm })]),
    ...(seeds === undefined ? [] : [given("seeds", { seeds: list(seeds).map(Number) })]),
    ...(split === undefined
      ? []
      : [given("split", { split: existsSync(split) ? { file: split } : { name: split } })]),
    ...(compared.length === 0 ? [] : [given("compare-to", { comparisons: compared.map((to) => ({ to })) })]),
    ...flags.set.map((setting) => ({ origin: "--set", values: parseSetting(setting) })),
  ];
}

/** Names of the flags among a parser's raw tokens. */
export function typedFlags(raw: readonly { type: string; flag?: string }[]): Set<string> {
  return new Set(raw.flatMap(({ type, flag }) => (type === "flag" && flag !== undefined ? [flag] : [])));
}
