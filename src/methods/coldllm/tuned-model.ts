import { ProviderError } from "../../core/errors.js";
import type { LoraAdapter } from "../../llm/adapter/lora.js";
import { type LanguageModel, unsupported } from "../../llm/language-model.js";
import type { LocalModel } from "../../llm/local/local-model.js";

/**
 * The model of this machine behind a run's language model, for what only such a one can do.
 * @throws ProviderError UNSUPPORTED_OPERATION for servers, recordings and ready exports.
 */
export async function tunableModel(model: LanguageModel): Promise<LocalModel> {
  const [{ RecordedModel }, { LocalModel }] = await Promise.all([
    import("../../llm/recordings/recorded-model.js"),
    import("../../llm/local/local-model.js"),
  ]);
  const inner = model instanceof RecordedModel ? model.inner : model;
  if (inner instanceof LocalModel && inner.supports("finetune")) return inner;
  throw unsupported(
    model.identity,
    "finetune",
    "Set judge=zero-shot, or use a model with weights (embedded, hf:ORG/NAME or dir:PATH).",
  );
}

/** Works with an adapter on the model, and takes it off again whatever happens; without one, with the model as it is. */
export async function withAdapter<T>(
  model: LanguageModel,
  adapter: LoraAdapter | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (adapter === undefined) return work();
  const [local, { checkAdapter, loadedAdapter }] = await Promise.all([
    tunableModel(model),
    import("../../llm/adapter/lora.js"),
  ]);
  if (local.config === undefined) throw new ProviderError("NO_WEIGHTS", "the model has no weights to adapt");
  checkAdapter(adapter, local.config, "adapter");
  local.useAdapter(loadedAdapter(adapter, "judge"));
  try {
    return await work();
  } finally {
    local.useAdapter(undefined);
  }
}
