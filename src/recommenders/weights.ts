import { DataError } from "../core/errors.js";
import { readSafetensors, writeSafetensors } from "../core/safetensors.js";
import type { ArtifactFormat } from "../core/stages.js";
import type { Tensor } from "../engine/run/tensor.js";

type Parameters = Readonly<Record<string, Tensor>>;

/**
 * Trained parameters as a safetensors file, each under its name.
 * @param expected - names and shapes.
 * @throws DataError `BAD_WEIGHTS` where a tensor is missing, has another shape or holds a number that isn't finite.
 */
export function weightsArtifact(expected: Parameters): ArtifactFormat<Parameters> {
  return {
    file: "weights.safetensors",
    write: writeSafetensors,
    async read(path) {
      const found = await readSafetensors(path);
      for (const [name, { shape }] of Object.entries(expected)) {
        const tensor = Object.hasOwn(found, name) ? found[name] : undefined;
        const bad = (what: string) => new DataError("BAD_WEIGHTS", `${name}: ${what}`, { file: path });
        if (tensor === undefined) throw bad("this tensor is missing");
        if (!(tensor.data instanceof Float32Array) || tensor.shape.join() !== shape.join()) {
          throw bad(`expected float32 [${shape.join(", ")}], found [${tensor.shape.join(", ")}]`);
        }
        if (!tensor.data.every(Number.isFinite)) throw bad("holds a number that isn't finite");
      }
      return Object.fromEntries(Object.keys(expected).map((name) => [name, found[name]]));
    },
  };
}
