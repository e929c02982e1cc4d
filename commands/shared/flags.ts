import { Flags } from "@oclif/core";

/** Flags that mean the same wherever they stand. */

export const outFlag = Flags.string({
  env: "LLMREC_OUT",
  summary: "Folder for run folders.",
  helpValue: "DIR",
  default: "runs",
});

export const offlineFlag = Flags.boolean({ env: "LLMREC_OFFLINE", summary: "Never use the network." });
