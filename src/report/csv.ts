import type { DataFrame } from "danfojs-node";

/**
 * A frame as CSV (RFC 4180, but with plain newlines): every number in the shortest form that reads back to the same
 * double, an empty field where there is none. danfojs' own writer neither quotes nor leaves NaN out.
 */
export function toCsv(frame: DataFrame): string {
  const lines = [frame.columns, ...(frame.values as (string | number)[][])];
  return lines.map((line) => line.map(field).join(",")).join("\n") + "\n";
}

function field(value: string | number): string {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
