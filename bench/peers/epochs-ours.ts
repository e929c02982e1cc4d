/**
 * One of our models that trains when it is told to: `tsx epochs-ours.ts MODEL OPTIONS DATA SPLIT_FOLDER HISTORY`. Commands as
 * recbole_whole.py's `steps` and `memory`, one JSON object a line each way.
 */
import { readSync } from "node:fs";
import { join } from "node:path";
import { type Progress, type ProgressStep, silentProgress } from "../../src/core/progress.js";
import type { RunContext } from "../../src/recommenders/recommender.js";
import { resolveOptions, selectRecommenders } from "../../src/recommenders/registry.js";
import type { TaskId, TrainingData } from "../../src/tasks/task.js";
import { clickTraining, labelledRows, openData } from "./data.js";
import { inRun, pairTraining, readColumns, sequenceTraining } from "./ours.js";
import { type ModelId, MODELS } from "./recbole-options.js";

const [id, optionText, spec, folder, history] = process.argv.slice(2);
const options = JSON.parse(optionText) as Record<string, unknown>;
const dataset = await openData(spec);
const [users, items] = [dataset.users.keys.length, dataset.items.keys.length];
const train = readColumns(join(folder, "train.csv"));

let pending = "";
/** The next command; waits for it without using the processor. Ends the process at the end of input. */
function nextCommand(): { do: string; count?: number } {
  const bytes = Buffer.alloc(4096);
  while (!pending.includes("\n")) {
    const count = readSync(0, bytes);
    if (count === 0) process.exit(0);
    pending += bytes.toString("utf8", 0, count);
  }
  const end = pending.indexOf("\n");
  const line = pending.slice(0, end);
  pending = pending.slice(end + 1);
  return JSON.parse(line) as { do: string; count?: number };
}

const say = (answer: object) => {
  console.log(JSON.stringify(answer));
};

/** Training stands still between commands: it tells of each step, and is not answered before the next command. */
class Gate {
  private wanted = -1;
  private done = 0;
  private batches = 0;
  private begun = 0;
  private cpu = process.cpuUsage();

  readonly progress: Progress = {
    ...silentProgress(),
    start: (label, total = 0): ProgressStep => {
      if (!label.includes(", epoch ")) return { update: () => undefined, end: () => undefined };
      this.batches = total;
      if (this.wanted < 0) this.wait();
      return {
        update: () => {
          if (++this.done === this.wanted) this.answer(true);
        },
        end: () => {
          if (this.wanted === 0) this.answer(false);
        },
      };
    },
  };

  private wait(): void {
    for (;;) {
      const { do: what, count = 0 } = nextCommand();
      if (what === "memory") say({ peak: process.resourceUsage().maxRSS / 1024 });
      else {
        this.wanted = count;
        break;
      }
    }
    this.done = 0;
    this.begun = performance.now();
    this.cpu = process.cpuUsage();
  }

  /** @param midway - in the middle of an epoch: the next command is waited for here. */
  private answer(midway: boolean): void {
    const { user, system } = process.cpuUsage(this.cpu);
    say({
      seconds: (performance.now() - this.begun) / 1000,
      cpu: (user + system) / 1e6,
      steps: this.done,
      batches: this.batches,
    });
    this.wanted = -1;
    if (midway) this.wait();
  }
}

function training(): TrainingData<TaskId> {
  switch (MODELS[id as ModelId].task) {
    case "cold-start":
      return pairTraining(users, items, train);
    case "controlled-list":
      return sequenceTraining(users, items, train, Number(history));
    case "ctr":
      return clickTraining(dataset, labelledRows(train[0], train[1], train[2]));
  }
}

const [recommender] = selectRecommenders<TaskId>(MODELS[id as ModelId].task, [id]);
const given = resolveOptions(recommender, { ...options, epochs: 1e6 });
// Theirs has imported its libraries by now, too.
await import("onnxruntime-node");
say({ ready: true });
await inRun(1, (context: RunContext) => recommender.fit(training(), given, context), new Gate().progress);
