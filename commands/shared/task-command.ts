import { Flags } from "@oclif/core";
import type { TaskRequest } from "../../src/experiment/run-task.js";
import type { TaskId } from "../../src/tasks/task.js";
import { LlmrecCommand } from "./base.js";
import { configLayers, typedFlags } from "./config-layers.js";
import { deviceFlags, useDevice } from "./device.js";
import { serverFlags, serverSettings } from "./server.js";
import { terminal } from "./terminal.js";
import { offlineFlag, outFlag } from "./flags.js";

/** The flags of every command that runs a task. */
export const taskFlags = {
  dataset: Flags.string({
    env: "LLMREC_DATASET",
    summary: "Name of a data set (llmrec datasets list), or the path of its files.",
    helpValue: "NAME|PATH",
  }),
  data: Flags.string({
    env: "LLMREC_DATA",
    summary: "Folder that holds the data set's files.",
    helpValue: "DIR",
  }),
  recommenders: Flags.string({
    env: "LLMREC_RECOMMENDERS",
    summary: "Who takes part: ids separated by commas, or all, classic, llm, control.",
    helpValue: "a,b",
  }),
  hybrid: Flags.string({
    summary: "Combine two or three recommenders: rank fusion, and a blend tuned on validation.",
    helpValue: "ID+ID",
    multiple: true,
    multipleNonGreedy: true,
    default: [],
  }),
  plugin: Flags.string({
    summary: "Load recommenders, metrics and data sets from a package, or from a script (./FILE).",
    helpValue: "NAME|./FILE",
    multiple: true,
    multipleNonGreedy: true,
    default: [],
  }),
  llm: Flags.string({
    env: "LLMREC_LLM",
    summary: "Language model: embedded, hf:ORG/NAME, dir:PATH, openai:BASE_URL#MODEL or replay:FILE.",
    helpValue: "SPEC",
  }),
  seeds: Flags.string({ env: "LLMREC_SEEDS", summary: "Seeds separated by commas.", helpValue: "1,2,3" }),
  split: Flags.string({
    env: "LLMREC_SPLIT",
    summary: "How to split: a strategy (published, cold-item, global-time, ...) or a saved split file.",
    helpValue: "NAME|FILE",
  }),
  from: Flags.string({
    summary: "Take a stage's artifact from a file instead of computing it.",
    helpValue: "[RECOMMENDER.]STAGE=FILE",
    multiple: true,
    multipleNonGreedy: true,
    default: [],
  }),
  set: Flags.string({
    summary: "Set an option: als.factors=64, split.seed=2, filter.minValue=4, world.size=tiny.",
    helpValue: "NAME.NAME=VALUE",
    multiple: true,
    multipleNonGreedy: true,
    default: [],
  }),
  tune: Flags.integer({
    summary:
      "Choose each recommender's options on validation among N sets: random search, the given ones first.",
    helpValue: "N",
    min: 2,
  }),
  "compare-to": Flags.string({
    summary: "Test every recommender against this row in the main metrics, corrected for their number.",
    helpValue: "ID",
    multiple: true,
    multipleNonGreedy: true,
    default: [],
  }),
  config: Flags.string({
    env: "LLMREC_CONFIG",
    summary: "YAML file with the same settings.",
    helpValue: "FILE",
  }),
  out: outFlag,
  fresh: Flags.boolean({ summary: "Forget an earlier run of the same configuration." }),
  offline: offlineFlag,
  ...deviceFlags,
  ...serverFlags,
};

/** Runs one task and prints its table; a method's command only names the task. */
export abstract class TaskCommand extends LlmrecCommand {
  static override flags = taskFlags;

  protected abstract readonly task: TaskId;

  /** Settings of the configuration that this task has by default, under those of the user. */
  protected readonly defaults: Readonly<Record<string, unknown>> = {};

  /** What this command would run, for whoever only wants to know. */
  get purpose(): { readonly task: TaskId; readonly defaults: Readonly<Record<string, unknown>> } {
    return { task: this.task, defaults: this.defaults };
  }

  override async run(): Promise<unknown> {
    const { runTask } = await import("../../src/experiment/run-task.js");
    const { publishRun } = await import("../../src/report/publish.js");
    const result = await runTask(await this.taskRequest());
    const published = await publishRun(result, terminal());
    this.log(published.text);
    return { ...this.envelope(), ...published.json, warnings: this.progress.warnings };
  }

  /** What the flags ask for. */
  protected async taskRequest(): Promise<TaskRequest> {
    const { flags, raw } = await this.parse(this.constructor as typeof TaskCommand);
    await useDevice(flags);
    const { resolveConfig } = await import("../../src/experiment/config.js");
    const { parseExternalStages } = await import("../../src/core/stages.js");
    const layers = await configLayers(this.defaults, flags, typedFlags(raw));
    return {
      task: this.task,
      command: this.envelope().command,
      arguments: this.argv,
      config: resolveConfig(layers.map(({ values }) => values)),
      external: parseExternalStages(flags.from),
      out: flags.out,
      fresh: flags.fresh,
      cache: this.datasetCache,
      offline: flags.offline,
      server: await serverSettings(flags),
      progress: this.progress,
      signal: this.signal,
    };
  }
}
