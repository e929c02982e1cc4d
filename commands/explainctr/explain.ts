import { Flags } from "@oclif/core";
import { LlmrecCommand } from "../shared/base.js";
import { offlineFlag, outFlag } from "../shared/flags.js";
import { serverFlags, serverSettings } from "../shared/server.js";

export default class ExplainCtrExplain extends LlmrecCommand {
  static override summary = "Predict and explain one pair of a user and an item with a finished run.";

  static override description =
    "Prints, for each recommender of the run that explains, the probability of a like and the explanation that it rests on, with what was " +
    "known of the user. A pair of the data is explained by what came before it, any other by all that is known.";

  static override examples = [
    "<%= config.bin %> explainctr explain --user u00012 --item f0042",
    "<%= config.bin %> explainctr explain --run runs/explainctr-world-1a2b3c4d --recommenders expctr-llm-untrained,expctr-llm --user u00012 --item f0042 --json",
  ];

  static override flags = {
    user: Flags.string({ summary: "The user's id in the data.", helpValue: "ID", required: true }),
    item: Flags.string({ summary: "The item's id in the data.", helpValue: "ID", required: true }),
    run: Flags.string({ summary: "Folder of a run of explainctr; default the newest.", helpValue: "DIR" }),
    recommenders: Flags.string({
      summary: "Rows of the run; default all that explain and are no control.",
      helpValue: "a,b",
    }),
    out: outFlag,
    ...serverFlags,
    offline: offlineFlag,
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(ExplainCtrExplain);
    const { explainPair } = await import("../../src/experiment/explain-pair.js");
    const { renderExplainedPair } = await import("../../src/report/explained-pair.js");
    const { run, out, user, item, offline, recommenders } = flags;
    const pair = await explainPair({
      ...{ run, out, user, item, offline },
      recommenders: recommenders?.split(","),
      server: await serverSettings(flags),
      cache: this.datasetCache,
      progress: this.progress,
      signal: this.signal,
    });
    this.log(renderExplainedPair(pair));
    return { ...this.envelope(), ...pair, warnings: this.progress.warnings };
  }
}
