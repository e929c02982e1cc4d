import { Flags } from "@oclif/core";
import type { TaskId } from "../src/tasks/task.js";
import { LlmrecCommand } from "./shared/base.js";
import { deviceFlags, useDevice } from "./shared/device.js";
import { terminal } from "./shared/terminal.js";

/** The main job: every task on the embedded world, small enough to end in minutes on two cores without a network. */
const SUITE: readonly {
  command: string;
  task: TaskId;
  recommenders: readonly string[];
  ks?: readonly number[];
}[] = [
  // What trains by gradient takes minutes a model: `llmrec coldllm` and `llmrec explainctr` run everything.
  {
    command: "coldllm",
    task: "cold-start",
    recommenders: ["control", "content-knn", "item-knn", "user-knn", "ease", "als"],
  },
  { command: "explainctr", task: "ctr", recommenders: ["control", "lr", "deepfm"] },
  {
    command: "dlcrec",
    task: "controlled-list",
    recommenders: ["control", "popular-in-genre"],
    ks: [10],
  },
  {
    command: "rta",
    task: "conversation",
    recommenders: ["control", "bm25", "co-mention"],
    ks: [1, 5, 10, 20, 50],
  },
];

export default class Bench extends LlmrecCommand {
  static override summary =
    "Run every task on the embedded world: the main job, ends in minutes, needs no network.";

  static override examples = ["<%= config.bin %> bench", "<%= config.bin %> bench --seeds 1,2,3 --json"];

  static override flags = {
    seeds: Flags.string({ summary: "Seeds separated by commas.", helpValue: "1,2,3", default: "1" }),
    out: Flags.string({ summary: "Folder for run folders.", helpValue: "DIR", default: "runs" }),
    fresh: Flags.boolean({ summary: "Forget earlier runs of the same configuration." }),
    ...deviceFlags,
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(Bench);
    await useDevice(flags);
    const { resolveConfig } = await import("../src/experiment/config.js");
    const { runTask } = await import("../src/experiment/run-task.js");
    const { publishRun } = await import("../src/report/publish.js");
    const seeds = flags.seeds.split(",").map(Number);
    const runs = [];
    for (const { command, task, ...given } of SUITE) {
      const config = resolveConfig([{ seeds, ...given }]);
      const result = await runTask({
        task,
        command,
        arguments: this.argv,
        config,
        external: new Map(),
        out: flags.out,
        fresh: flags.fresh,
        cache: this.datasetCache,
        offline: true,
        progress: this.progress,
        signal: this.signal,
      });
      const published = await publishRun(result, terminal());
      this.log(published.text);
      runs.push(published.json);
    }
    return { ...this.envelope(), runs, warnings: this.progress.warnings };
  }
}
