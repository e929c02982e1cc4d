import { hashTexts } from "../../core/hash.js";
import { readSafetensors, rowsOf, writeSafetensors } from "../../core/safetensors.js";
import type { ArtifactFormat } from "../../core/stages.js";
import type { Vectors } from "../../llm/language-model.js";
import type { RunContext } from "../../recommenders/recommender.js";
import { fitPrompts, noteCut } from "./prompts.js";

/** The stage `queries`: the language model's last state at the end of each prompt, where a title would begin. */
export async function queryStates(prompts: readonly string[], context: RunContext): Promise<Vectors> {
  const model = await context.llm();
  const { value } = await context.stages.run({
    name: "queries",
    version: 1,
    inputs: { model: model.identity.hash, prompts: hashTexts(prompts) },
    format: vectorsArtifact("queries", prompts.length),
    compute: async () => {
      const fitted = await fitPrompts(model, prompts, 0);
      noteCut(fitted, context);
      return model.encode(fitted.prompts, context);
    },
  });
  return value;
}

/** Float32 tensor `vectors` [rows, width]. @throws DataError BAD_VECTORS. */
export function vectorsArtifact(name: string, rows: number): ArtifactFormat<Vectors> {
  return {
    file: `${name}.safetensors`,
    write: (path, { width, data }) => writeSafetensors(path, { vectors: { shape: [rows, width], data } }),
    async read(path) {
      const { size, data } = rowsOf(await readSafetensors(path), "vectors", rows, {
        code: "BAD_VECTORS",
        file: path,
      });
      return { rows, width: size, data };
    },
  };
}
