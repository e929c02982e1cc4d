import { createInterface } from "node:readline";
import { Flags } from "@oclif/core";
import { LlmrecCommand } from "../shared/base.js";
import { offlineFlag, outFlag } from "../shared/flags.js";

export default class RtaChat extends LlmrecCommand {
  static override summary = "Talk to Reindex-Then-Adapt: it recommends from the catalogue at each turn.";

  static override description =
    "Each line on standard input is something that you say; the answer names films of the data set's catalogue that were not named before, " +
    "and for each the film named before that lies nearest to it. The first start fits the gated method on the training dialogues; later ones find it in " +
    "the folder of --out. It ends with the input (Ctrl-D).";

  static override examples = [
    "<%= config.bin %> rta chat",
    'echo "I loved The Locked Room. Something wistful?" | <%= config.bin %> rta chat --json',
  ];

  static override flags = {
    dataset: Flags.string({
      env: "LLMREC_DATASET",
      summary: "Name of a data set with dialogues, or the path of its files.",
      helpValue: "NAME|PATH",
      default: "world",
    }),
    data: Flags.string({
      env: "LLMREC_DATA",
      summary: "Folder that holds the data set's files.",
      helpValue: "DIR",
    }),
    llm: Flags.string({
      env: "LLMREC_LLM",
      summary: "Language model: embedded, hf:ORG/NAME or dir:PATH.",
      helpValue: "SPEC",
      default: "embedded",
    }),
    length: Flags.integer({ summary: "Films in an answer.", min: 1, max: 50, default: 3 }),
    out: outFlag,
    offline: offlineFlag,
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(RtaChat);
    const { openChat } = await import("../../src/experiment/rta-chat.js");
    const chat = await openChat({
      ...flags,
      cache: this.datasetCache,
      progress: this.progress,
      signal: this.signal,
    });
    const turns: unknown[] = [];
    const lines = createInterface({ input: process.stdin, signal: this.signal });
    try {
      for await (const line of lines) {
        if (line.trim() === "") continue;
        const { suggestions, spotted, share } = await chat.say(line.trim());
        const named = spotted.map((item) => chat.titles[item]);
        const films = suggestions.map(({ item, nearest }) => ({
          title: chat.titles[item],
          nearest: nearest === null ? null : { title: chat.titles[nearest.item], cosine: nearest.cosine },
        }));
        turns.push({ said: line.trim(), named, films, languageModelShare: share ?? null });
        this.log(named.length === 0 ? "(no film of the catalogue named)" : `(you named ${named.join(", ")})`);
        for (const { title, nearest } of films) {
          this.log(
            `  ${title}${nearest === null ? "" : `, near ${nearest.title} (${nearest.cosine.toFixed(2)})`}`,
          );
        }
        if (share !== undefined) {
          this.log(`  ${Math.round(100 * share)} % the language model's scores, the rest by what was named`);
        }
      }
    } finally {
      lines.close();
      await chat.close();
    }
    return { ...this.envelope(), turns, warnings: this.progress.warnings };
  }
}
