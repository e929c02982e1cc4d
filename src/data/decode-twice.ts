const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Undoes the reading of UTF-8 as Latin-1: every run of characters of U+0080..U+00FF whose codes are valid UTF-8 becomes what
 * those bytes mean ("Am\u00c3\u00a9lie" is "Amélie"). Other runs, such as a lone "é", stay.
 */
export function decodeTwice(text: string): string {
  return text.replace(/[\u0080-\u00ff]+/g, (run) => {
    try {
      return decoder.decode(Uint8Array.from(run, (letter) => letter.charCodeAt(0)));
    } catch {
      return run;
    }
  });
}
