import { open, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeAtomically, writeAtomicallyBy } from "../../core/files.js";
import type { GraphBuilder } from "./graph-builder.js";

/**
 * Writes a graph as `FILE.onnx` and, where it has external initializers, `FILE.onnx_data` beside it: the two names
 * that Hugging Face's loaders look for. The data file is written first, so that a model file never lacks its data.
 */
export async function writeModel(path: string, graph: GraphBuilder): Promise<void> {
  const dataFile = `${basename(path)}_data`;
  const { model, external } = graph.build({ dataFile });
  if (external.length > 0) {
    await writeAtomicallyBy(join(dirname(path), dataFile), async (temporary) => {
      await writeFile(temporary, "");
      const file = await open(temporary, "r+");
      try {
        for (const { offset, bytes } of external) await file.write(bytes, 0, bytes.byteLength, offset);
      } finally {
        await file.close();
      }
    });
  }
  await writeAtomically(path, model);
}
