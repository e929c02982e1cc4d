import type { LoraAdapter } from "../adapter/lora.js";
import { type LanguageModel, unsupported } from "../language-model.js";
import type { LocalModel } from "./local-model.js";

/** The model of this machine behind a run's language model, if it is one: recordings are looked through. */
export async function localModelOf(model: LanguageModel): Promise<LocalModel | undefined> {
  const [{ RecordedModel }, { LocalModel }] = await Promise.all([
    import("../recordings/recorded-model.js"),
    import("./local-model.js"),
  ]);
  const inner = model instanceof RecordedModel ? model.inner : model;
  return inner instanceof LocalModel ? inner : undefined;
}

/**
 * The model of this machine behind a run's language model, for what only one with weights can do.
 * @param instead - what to do where it is none.
 * @throws ProviderError UNSUPPORTED_OPERATION for servers, recordings and ready exports.
 */
export async function tunableModel(model: LanguageModel, instead: string): Promise<LocalModel> {
  const local = await localModelOf(model);
  if (local?.supports("finetune") === true) return local;
  throw unsupported(model.identity, "finetune", instead);
}

/**
 * Works with an adapter on the model, and takes it off again whatever happens; without one, with the model as it is.
 * @param name - the adapter's name, in recordings and in the error that it belongs to another base.
 * @throws ProviderError where it belongs to another base, or the model can't take one.
 */
export async function withAdapter<T>(
  model: LanguageModel,
  adapter: LoraAdapter | undefined,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  if (adapter === undefined) return work();
  const [local, { checkAdapter, loadedAdapter }] = await Promise.all([
    tunableModel(model, WITH_WEIGHTS),
    import("../adapter/lora.js"),
  ]);
  if (local.config === undefined) throw unsupported(model.identity, "finetune", WITH_WEIGHTS);
  checkAdapter(adapter, local.config, name);
  local.useAdapter(loadedAdapter(adapter, name));
  try {
    return await work();
  } finally {
    local.useAdapter(undefined);
  }
}

const WITH_WEIGHTS = "Use a model with weights (embedded, hf:ORG/NAME or dir:PATH).";
