import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { writeJson } from "../core/files.js";
import type { Progress } from "../core/progress.js";
import { PROJECTIONS } from "../llm/checkpoint/tensors.js";
import type { LanguageModel, ModelIdentity } from "../llm/language-model.js";
import { openLanguageModel, type ServerSettings } from "../llm/open.js";
import type { ModelSpec } from "../llm/spec.js";
import type { RunFolder } from "./run-folder.js";

/** Who used which model, kept in the run folder, so that a resumed run still knows it. */
interface ModelUse {
  readonly model: ModelIdentity;
  readonly recommenders: readonly string[];
}

/** What is needed to open a run's model. */
export interface RunModelOptions {
  readonly spec: ModelSpec;
  readonly folder: RunFolder;
  readonly offline: boolean;
  /** How a server is asked, where the model is one. */
  readonly server?: ServerSettings;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * The one language model of a run (`--llm SPEC`). It is opened when a recommender first asks for it: a run of classic
 * models, or one whose answers all come from files, needs none. Every call is recorded in the run folder.
 */
export class RunModel {
  private opened: Promise<LanguageModel> | undefined;

  constructor(private readonly options: RunModelOptions) {}

  /**
   * The model, and a note of who uses it.
   * @throws ProviderError where it can't be had.
   */
  async open(recommender: string): Promise<LanguageModel> {
    this.opened ??= this.openOnce();
    const model = await this.opened;
    const { folder } = this.options;
    const users = new Set((await this.use())?.recommenders);
    if (!users.has(recommender)) {
      await writeJson(folder.model, {
        model: model.identity,
        recommenders: [...users, recommender].sort(),
      } satisfies ModelUse);
    }
    return model;
  }

  /** Sentences for under the table: which model which recommender used; none where nobody used one. */
  async notes(): Promise<string[]> {
    const use = await this.use();
    if (use === undefined) return [];
    const { model, recommenders } = use;
    const limits =
      this.options.spec.kind === "embedded"
        ? " It is a very small one: these figures say nothing about what a large one would score."
        : "";
    return [
      `Language model of ${recommenders.join(", ")}: ${model.name} (${model.hash.slice(0, 12)}).${limits}`,
    ];
  }

  /** Frees the model, if it was ever opened. */
  async close(): Promise<void> {
    // A model that could not be opened has nothing to free, and its error has been thrown already.
    const model = await this.opened?.catch(() => undefined);
    await model?.close();
  }

  private async use(): Promise<ModelUse | undefined> {
    const { folder } = this.options;
    if (!existsSync(folder.model)) return undefined;
    return JSON.parse(await readFile(folder.model, "utf8")) as ModelUse;
  }

  private openOnce(): Promise<LanguageModel> {
    const { spec, folder, offline, server, progress, signal } = this.options;
    // A method may tune it: every layer is ready for an adapter.
    const local = { adapted: PROJECTIONS };
    return openLanguageModel(
      spec,
      { progress, signal },
      {
        ...{ recordings: folder.calls, offline, local },
        ...(server && { server }),
      },
    );
  }
}
