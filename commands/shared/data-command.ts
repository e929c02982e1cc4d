import { Args, Flags } from "@oclif/core";
import type { OpenOptions } from "../../src/data/catalogue.js";
import { LlmrecCommand } from "./base.js";
import { offlineFlag } from "./flags.js";

export const datasetArg = {
  dataset: Args.string({ description: "Name of a data set, or the path of its files.", required: true }),
};

export const dataFlags = {
  data: Flags.string({ summary: "Folder that holds the data set's files.", helpValue: "DIR" }),
  offline: offlineFlag,
};

/** Where data set and split come as names, their options come so. */
export const settingFlag = Flags.string({
  summary: "Set an option of the data set, the split or a filter.",
  helpValue: "NAME.NAME=VALUE",
  multiple: true,
  multipleNonGreedy: true,
  default: [],
});

/** What the commands about data sets share. */
export abstract class DataCommand extends LlmrecCommand {
  protected openOptions(flags: { data?: string; offline: boolean }): OpenOptions {
    return {
      data: flags.data,
      offline: flags.offline,
      cache: this.datasetCache,
      progress: this.progress,
      signal: this.signal,
    };
  }
}
