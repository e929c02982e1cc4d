import { Flags } from "@oclif/core";
import type { TaskId } from "../src/tasks/task.js";
import { LlmrecCommand } from "./shared/base.js";
import { deviceFlags, useDevice } from "./shared/device.js";
import { terminal } from "./shared/terminal.js";
import { outFlag } from "./shared/flags.js";

/** ColdLLM without what takes minutes: its judge isn't tuned, and its filter reads item texts by their words. */
const QUICK_COLDLLM = {
  backbone: "als",
  training: { factors: 64, regularization: 1, alpha: 10 },
  judge: "zero-shot",
  noun: "film",
  preference: "liked",
  embed: { from: "words" },
  filter: { hidden: 128, size: 64, epochs: 15, patience: 3 },
  refine: { history: 8, choose: "random" },
};

/**
 * The main job: every task on the embedded world with the embedded language model, small enough to end in minutes on two cores without a network.
 * What trains by gradient takes minutes a model: each task's own command runs everything.
 */
const SUITE: readonly {
  command: string;
  task: TaskId;
  recommenders: readonly string[];
  ks?: readonly number[];
  options?: Readonly<Record<string, object>>;
}[] = [
  {
    command: "coldllm",
    task: "cold-start",
    recommenders: [
      ...["control", "content-knn", "item-knn", "user-knn", "ease", "als"],
      ...["coldllm-content", "coldllm-filter-top", "coldllm"],
    ],
    options: {
      coldllm: QUICK_COLDLLM,
      "coldllm-filter-top": QUICK_COLDLLM,
      "coldllm-content": QUICK_COLDLLM,
    },
  },
  {
    command: "explainctr",
    task: "ctr",
    recommenders: ["control", "lr", "deepfm", "llm-zero-shot"],
  },
  {
    command: "dlcrec",
    task: "controlled-list",
    recommenders: ["control", "popular-in-genre"],
    ks: [10],
  },
  {
    command: "rta",
    task: "conversation",
    recommenders: ["control", "bm25", "co-mention", "rta-dense"],
    ks: [1, 5, 10, 20, 50],
  },
];

export default class Bench extends LlmrecCommand {
  static override summary =
    "Run every task on the embedded world: the main job, ends in minutes, needs no network.";

  static override examples = ["<%= config.bin %> bench", "<%= config.bin %> bench --seeds 1,2,3 --json"];

  static override flags = {
    seeds: Flags.string({ summary: "Seeds separated by commas.", helpValue: "1,2,3", default: "1" }),
    out: outFlag,
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
