import { Flags } from "@oclif/core";
import { LlmrecCommand } from "../shared/base.js";
import { terminal } from "../shared/terminal.js";
import { outFlag } from "../shared/flags.js";

const BACKBONES = ["als", "lightgcn", "ngcf", "bpr-mf"] as const;

export default class ColdLlmReplay extends LlmrecCommand {
  static override summary = "Score the answers published with ColdLLM, without its language model.";

  static override description =
    "Trains on CiteULike's warm pairs and on the pairs that the published language model accepted, and on other pairs for comparison (all " +
    "filtered ones, random ones, users nearest by tags, ...), and shows the figures beside the paper's. docs/coldllm.md says where the files come from. " +
    "als takes minutes, the others hours.";

  static override examples = [
    "<%= config.bin %> coldllm replay --data path/to/citeulike-a",
    "<%= config.bin %> coldllm replay --data path/to/citeulike-a --backbone als --backbone lightgcn --format md",
  ];

  static override flags = {
    data: Flags.string({
      summary: "Folder of citeulike-a, with the published files in coldllm/.",
      helpValue: "DIR",
      required: true,
    }),
    backbone: Flags.option({
      options: BACKBONES,
      multiple: true,
      multipleNonGreedy: true,
      default: ["als"],
      summary: "Who learns from the pairs.",
    })(),
    seeds: Flags.string({ summary: "Seeds separated by commas.", helpValue: "1,2,3", default: "1" }),
    out: outFlag,
    fresh: Flags.boolean({ summary: "Forget an earlier run." }),
    format: Flags.option({
      options: ["text", "md"] as const,
      default: "text" as const,
      summary: "Form of the tables.",
    })(),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(ColdLlmReplay);
    const { replayColdLlm } = await import("../../src/experiment/coldllm-replay.js");
    const { coldLlmReplayJson, renderColdLlmReplay } = await import("../../src/report/coldllm-replay.js");
    const { data, seeds, out, fresh, format, backbone } = flags;
    const replay = await replayColdLlm({
      ...{ data, out, fresh },
      backbones: [...new Set(backbone)],
      seeds: seeds.split(",").map(Number),
      cache: this.datasetCache,
      arguments: this.argv,
      progress: this.progress,
      signal: this.signal,
    });
    this.log(renderColdLlmReplay(replay, format, terminal()).trimEnd());
    return {
      ...this.envelope(),
      runs: replay.runs,
      ...coldLlmReplayJson(replay),
      warnings: this.progress.warnings,
    };
  }
}
