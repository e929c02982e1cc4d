import { ProviderError, UsageError } from "../core/errors.js";
import { embeddedFolder } from "./embedded.js";
import type { CallContext, LanguageModel } from "./language-model.js";
import type { LocalModelOptions } from "./local/local-model.js";
import type { RemoteOptions } from "./remote/options.js";
import { formatModelSpec, type ModelSpec } from "./spec.js";

/** How a server is asked, whichever it is. */
export type ServerSettings = Omit<RemoteOptions, "baseUrl" | "model" | "environment">;

export interface OpenOptions {
  readonly local?: Omit<LocalModelOptions, "name" | "progress">;
  readonly server?: ServerSettings;
  /** JSONL file that keeps every call; none: nothing is recorded. A replay records nothing. */
  readonly recordings?: string;
  readonly offline?: boolean;
  /** Folder of the embedded model; default the one that ships with the program. */
  readonly embedded?: string;
}

/** Opens the model of a SPEC. Nothing heavy is loaded before, and only what this kind of model needs. */
export async function openLanguageModel(
  spec: ModelSpec,
  context: Pick<CallContext, "progress" | "signal">,
  options: OpenOptions = {},
): Promise<LanguageModel> {
  if (spec.kind === "replay") {
    const { ReplayModel } = await import("./recordings/replay-model.js");
    return ReplayModel.open(spec.file);
  }
  const model = await openBare(spec, context, options);
  if (options.recordings === undefined) return model;
  const [{ RecordedModel }, { RecordingStore }] = await Promise.all([
    import("./recordings/recorded-model.js"),
    import("./recordings/store.js"),
  ]);
  return new RecordedModel(model, await RecordingStore.open(options.recordings));
}

async function openBare(
  spec: Exclude<ModelSpec, { kind: "replay" }>,
  context: Pick<CallContext, "progress" | "signal">,
  options: OpenOptions,
): Promise<LanguageModel> {
  if (spec.kind === "openai") {
    if (options.offline) {
      throw new ProviderError("OFFLINE", `${spec.baseUrl} can't be asked offline`, {
        hint: "Leave out --offline, or use embedded, dir:PATH or replay:FILE.",
      });
    }
    const { RemoteModel } = await import("./remote/remote-model.js");
    return new RemoteModel({ ...options.server, baseUrl: spec.baseUrl, model: spec.model });
  }
  const { LocalModel } = await import("./local/local-model.js");
  const folder = await modelFolder(spec, context, options);
  const name =
    spec.kind === "hf" ? formatModelSpec(spec).slice(3) : spec.kind === "dir" ? spec.path : spec.name;
  return LocalModel.open(folder, { ...options.local, name, progress: context.progress });
}

/**
 * The folder of a model that runs on this machine; a model of the Hub is downloaded first.
 * @throws UsageError for a server or a replay, which have no folder.
 */
export async function modelFolder(
  spec: ModelSpec,
  context: Pick<CallContext, "progress" | "signal">,
  { offline, embedded }: Pick<OpenOptions, "offline" | "embedded"> = {},
): Promise<string> {
  switch (spec.kind) {
    case "dir":
      return spec.path;
    case "hf": {
      const { downloadModel } = await import("./hub/download.js");
      return downloadModel(spec.repository, context, {
        revision: spec.revision,
        ...(offline && { offline }),
      });
    }
    case "embedded":
      return spec.name === "embedded" ? (embedded ?? embeddedFolder()) : embeddedFolder(spec.name);
    default:
      throw new UsageError("NO_WEIGHTS_HERE", `${formatModelSpec(spec)} has no weights on this machine`, {
        hint: "Give embedded, hf:ORG/NAME or dir:PATH.",
      });
  }
}
