import { wantsAnsi, type TextOptions } from "../../src/report/text.js";

/** How wide the terminal is and whether it takes bold and underlined text (not a file, not with NO_COLOR). */
export function terminal(): TextOptions {
  const { isTTY, columns } = process.stdout;
  return { ansi: wantsAnsi(process.stdout, process.env), width: isTTY ? columns : 110 };
}
