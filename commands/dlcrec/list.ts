import { Flags } from "@oclif/core";
import { LlmrecCommand } from "../shared/base.js";
import { configLayers, typedFlags } from "../shared/config-layers.js";
import { taskFlags } from "../shared/task-command.js";
import { terminal } from "../shared/terminal.js";

const { dataset, data, llm, split, from, set, config, out, offline } = taskFlags;

export default class DlcrecList extends LlmrecCommand {
  static override summary = "Make one list for one history, of as many genres as you want.";

  static override description =
    "DLCRec for a single user: GP names the genres, GF gives each place one of them, IP writes the films. With a number it begins at GP, with " +
    "genres by name at GF, with --slots at IP. The adapters come from a run (--run), from --from, or are trained first (minutes) and kept.";

  static override examples = [
    '<%= config.bin %> dlcrec list --history "Title A; Title B; Title C" --genres 5',
    '<%= config.bin %> dlcrec list --history "Title A; Title B" --genres "Drama, Comedy" --run runs/dlcrec-world-1a2b3c4d',
    '<%= config.bin %> dlcrec list --history "Title A; Title B" --genres 3 --stage gp --json',
  ];

  static override flags = {
    history: Flags.string({
      summary: "Films that the user liked, oldest first, separated by semicolons.",
      helpValue: '"A; B; C"',
      required: true,
    }),
    genres: Flags.string({
      summary: "How many genres, or which; as many as the history has where left out.",
      helpValue: 'N|"G; H"',
    }),
    slots: Flags.string({
      summary: "A genre for each place.",
      helpValue: '"G; G; H"',
      exclusive: ["genres"],
    }),
    length: Flags.integer({ summary: "Films of the list.", helpValue: "N", min: 1, max: 1000, default: 10 }),
    stage: Flags.option({
      options: ["gp", "gf", "ip"] as const,
      default: "ip" as const,
      summary: "The last stage to run.",
    })(),
    run: Flags.string({ summary: "A run of llmrec dlcrec whose adapters to use.", helpValue: "DIR" }),
    seed: Flags.integer({ summary: "Seed of the adapters.", helpValue: "N", min: 0, default: 1 }),
    ...{ dataset, data, llm, split, from, set, config, out, offline },
  };

  override async run(): Promise<unknown> {
    const { flags, raw } = await this.parse(DlcrecList);
    const { resolveConfig } = await import("../../src/experiment/config.js");
    const { parseExternalStages } = await import("../../src/core/stages.js");
    const { listFor } = await import("../../src/experiment/dlcrec-list.js");
    const { renderList } = await import("../../src/report/dlcrec-list.js");
    const own = { recommenders: ["dlcrec"], seeds: [flags.seed], ks: [10] };
    const layers = await configLayers(
      own,
      { ...flags, hybrid: [], plugin: [], "compare-to": [] },
      typedFlags(raw),
    );
    const { history, genres, slots, length, stage, run } = flags;
    const result = await listFor({
      ...{ history, genres, slots, length, stage, run },
      config: resolveConfig(layers.map(({ values }) => values)),
      external: parseExternalStages(flags.from),
      ...{ out: flags.out, offline: flags.offline, cache: this.datasetCache },
      ...{ progress: this.progress, signal: this.signal },
    });
    this.log(renderList(result, terminal()).trimEnd());
    return { ...this.envelope(), ...result, warnings: this.progress.warnings };
  }
}
