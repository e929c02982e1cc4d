import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { UsageError } from "../../core/errors.js";
import { writeAtomicallyBy } from "../../core/files.js";
import { writeMerged } from "../adapter/merge.js";
import { readAdapter } from "../adapter/peft-files.js";
import { Checkpoint } from "../checkpoint/checkpoint.js";
import { writeCheckpoint } from "../checkpoint/write-checkpoint.js";
import type { CallContext } from "../language-model.js";
import { modelFolder } from "../open.js";
import type { ModelSpec } from "../spec.js";
import { exportInference } from "./export.js";
import type { WeightType } from "./graph.js";

export interface ExportRequest {
  readonly model: ModelSpec;
  readonly out: string;
  /** Folder of an adapter to be added for good. */
  readonly adapter?: string;
  /** Weights of the ONNX graph. */
  readonly weights: WeightType;
  readonly offline?: boolean;
}

/**
 * Writes a model as a folder for others: `model.safetensors` and configuration for Python's transformers (float32), `onnx/` for transformers.js, and the
 * tokenizer for both.
 * @throws UsageError where the folder is not empty.
 */
export async function exportModel(
  { model, out, adapter, weights, offline }: ExportRequest,
  context: Pick<CallContext, "progress" | "signal">,
): Promise<void> {
  if (existsSync(out) && (await readdir(out)).length > 0) {
    throw new UsageError("FOLDER_NOT_EMPTY", "the folder is not empty", {
      file: out,
      hint: "Give a new folder with --out.",
    });
  }
  const base = await Checkpoint.open(await modelFolder(model, context, { ...(offline && { offline }) }));
  const step = context.progress.start("exporting");
  try {
    await writeAtomicallyBy(out, async (temporary) => {
      if (adapter !== undefined) await writeMerged(base, await readAdapter(adapter), temporary);
      else {
        await writeCheckpoint(temporary, base.config, (name) => base.read(name), {
          rawConfig: base.rawConfig,
          companions: base.folder,
        });
      }
      const whole = await Checkpoint.open(temporary);
      try {
        await exportInference(whole, temporary, { weights });
      } finally {
        await whole.close();
      }
    });
  } finally {
    await base.close();
    step.end();
  }
}
