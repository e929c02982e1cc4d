import type { Dataset } from "../dataset.js";
export function openWorld(_options: Readonly<Record<string, unknown>>): Dataset {
  throw new Error("the world is not built yet");
}
