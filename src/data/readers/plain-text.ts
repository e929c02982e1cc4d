const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/**
 * What was typed into a web page, in one line: the character references that the page made of it (`&quot;`, `&#39;`, `&#x27;`) are
 * letters again, and white space is one space. A turn is a line of a prompt.
 */
export function plainText(text: string): string {
  return text
    .replace(
      /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi,
      (whole: string, decimal?: string, hex?: string, name?: string) => {
        if (name !== undefined) return NAMED[name.toLowerCase()];
        const point = Number(decimal ?? `0x${hex}`);
        return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
      },
    )
    .replace(/\s+/gu, " ")
    .trim();
}
