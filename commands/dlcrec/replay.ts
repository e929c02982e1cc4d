import { Flags } from "@oclif/core";
import { LlmrecCommand } from "../shared/base.js";
import { terminal } from "../shared/terminal.js";

export default class DlcrecReplay extends LlmrecCommand {
  static override summary = "Score published answers of DLCRec's models, without the models.";

  static override description =
    "Reads a folder with the answers of a replication (outputs/), the catalogue (ml10m_movies.dat) and the published scores " +
    "(result_IP_movie.json, result_BIGRec_movie.json, movie_sgcate_GF.json), and shows its figures beside the published ones. " +
    "docs/dlcrec.md says where the files come from.";

  static override examples = [
    "<%= config.bin %> dlcrec replay --data path/to/dlcrec-movie",
    "<%= config.bin %> dlcrec replay --data path/to/dlcrec-movie --recommenders popularity,markov",
  ];

  static override flags = {
    data: Flags.string({ summary: "Folder of the published files.", helpValue: "DIR", required: true }),
    recommenders: Flags.string({
      summary:
        "Recommenders that answer the same cases too, alone and under every re-ranker; ids separated by commas, or none.",
      helpValue: "a,b",
      default: "none",
    }),
    format: Flags.option({
      options: ["text", "md"] as const,
      default: "text" as const,
      summary: "Form of the tables.",
    })(),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(DlcrecReplay);
    const { replayFolder } = await import("../../src/methods/dlcrec/replay/replay.js");
    const { answerPublishedCases } = await import("../../src/methods/dlcrec/replay/rivals.js");
    const { renderReplay, renderRivals, replayJson } = await import("../../src/report/dlcrec-replay.js");
    const { progress, signal } = this;
    const names = flags.recommenders === "none" ? [] : flags.recommenders.split(",");
    const replay = await replayFolder(flags.data, { progress, signal });
    this.log(renderReplay(replay, flags.format, terminal()).trimEnd());
    const rivals =
      names.length === 0 ? null : await answerPublishedCases(flags.data, replay, names, { progress, signal });
    if (rivals !== null) this.log(`\n${renderRivals(rivals, flags.format, terminal()).trimEnd()}`);
    return { ...this.envelope(), ...replayJson(replay), rivals, warnings: this.progress.warnings };
  }
}
