import { existsSync } from "node:fs";
import { join } from "node:path";
import { ProviderError } from "../core/errors.js";
import { packageRoot } from "../core/files.js";

/** The models that ship with the program, by SPEC, with their folders under `datasets/`. */
export const EMBEDDED_MODELS = {
  embedded: "world-model",
  "embedded-twin": "world-model-twin",
} as const;

export type EmbeddedName = keyof typeof EMBEDDED_MODELS;

/**
 * Where a model that ships with the program lies.
 * @throws ProviderError where it isn't there: a broken installation, or a twin that was left out.
 */
export function embeddedFolder(name: EmbeddedName = "embedded"): string {
  const folder = join(packageRoot(), "datasets", EMBEDDED_MODELS[name]);
  if (existsSync(join(folder, "config.json"))) return folder;
  const twin = name === "embedded-twin" ? " --twin" : "";
  throw new ProviderError("NO_MODEL", `the model ${name} isn't installed`, {
    file: folder,
    hint: `Make it: llmrec models pretrain${twin} --out ${folder}; or use another one, such as dir:PATH.`,
  });
}
