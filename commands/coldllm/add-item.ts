import { Flags } from "@oclif/core";
import { LlmrecCommand } from "../shared/base.js";
import { offlineFlag } from "../shared/flags.js";
import { serverFlags, serverSettings } from "../shared/server.js";

export default class ColdLlmAddItem extends LlmrecCommand {
  static override summary =
    "Take brand-new items into a finished run: their users and embeddings, and nothing else changes.";

  static override description =
    "Each new item goes through the run's filter and judge, and learns an embedding from the users who were accepted. Users, known items and the run's files stay " +
    "as they are, and hashes show it. Also tells what that costs here, and how many machines a platform would need.";

  static override examples = [
    "<%= config.bin %> coldllm add-item --run runs/coldllm-world-1a2b3c4d --file new-films.jsonl",
    "<%= config.bin %> coldllm add-item --run runs/coldllm-world-1a2b3c4d --file new-films.jsonl --to added.jsonl --items-per-day 8640 --users 10000000",
  ];

  static override flags = {
    run: Flags.string({
      summary: "Folder of a finished run with coldllm.",
      helpValue: "DIR",
      required: true,
    }),
    file: Flags.string({
      summary: 'JSONL of new items: {"id": "...", "title": "...", "genres": ["..."]} and text fields.',
      helpValue: "FILE",
      required: true,
    }),
    to: Flags.string({
      summary: "JSONL to write: every new item's embedding and candidates.",
      helpValue: "FILE",
    }),
    seed: Flags.integer({ summary: "Which of the run's seeds; its first where left out." }),
    "items-per-day": Flags.integer({
      summary: "New items a day, for the estimate of machines.",
      default: 1000,
      min: 1,
    }),
    users: Flags.integer({
      summary: "Users of the platform, for the estimate; those of the run where left out.",
      min: 1,
    }),
    ...serverFlags,
    offline: offlineFlag,
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(ColdLlmAddItem);
    const [{ addItemsToRun }, { renderAddedItems }, { writeAtomically }] = await Promise.all([
      import("../../src/experiment/coldllm-add-items.js"),
      import("../../src/report/added-items.js"),
      import("../../src/core/files.js"),
    ]);
    const result = await addItemsToRun({
      run: flags.run,
      file: flags.file,
      seed: flags.seed,
      itemsPerDay: flags["items-per-day"],
      users: flags.users,
      server: await serverSettings(flags),
      offline: flags.offline,
      cache: this.datasetCache,
      progress: this.progress,
      signal: this.signal,
    });
    if (flags.to !== undefined) {
      await writeAtomically(flags.to, result.items.map((item) => JSON.stringify(item) + "\n").join(""));
    }
    this.log(renderAddedItems(result));
    return { ...this.envelope(), ...result, warnings: this.progress.warnings };
  }
}
