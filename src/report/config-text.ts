import { stringify } from "yaml";
import type { ConfigValue } from "../experiment/explain-config.js";

/** Settings as aligned lines: name, value as YAML on one line, where it came from; the run's folder below. */
export function configText(values: readonly ConfigValue[], folder: string): string {
  const lines = values.map(({ name, value, origin }) => [
    name,
    value === undefined ? "(not set)" : stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim(),
    origin,
  ]);
  const widths = [0, 1].map((at) => Math.max(...lines.map((line) => line[at].length)));
  const rows = lines.map(([name, value, origin]) =>
    [name.padEnd(widths[0]), value.padEnd(widths[1]), origin].join("  "),
  );
  return [...rows, "", `Run folder: ${folder}`].join("\n");
}
