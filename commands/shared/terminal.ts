/** How wide the terminal is and whether it takes bold and underlined text (not a file, not with NO_COLOR). */
export function terminal(): { ansi: boolean; width: number } {
  const { isTTY, columns } = process.stdout;
  return { ansi: isTTY && process.env.NO_COLOR === undefined, width: isTTY ? columns : 110 };
}
