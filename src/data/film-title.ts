/** The year at the end of a title such as "Toy Story (1995)" or "Fawlty Towers (1975-1979)"; NaN where there is none. */
export function yearOf(title: string): number {
  return Number(/\((\d{4})(?:[-\u2013]\d{0,4})?\)\s*$/.exec(title)?.[1] ?? NaN);
}

/** A film's title without the year in parentheses at its end: as people write it. */
export function withoutYear(title: string): string {
  return title.replace(/\s*\(\d{4}\)\s*$/, "").trim();
}
