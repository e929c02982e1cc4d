/** A value written in Python. A tuple is a list. */
export type PythonValue = string | number | boolean | null | PythonValue[] | { [key: string]: PythonValue };

/** Where a text is no Python literal: `at` counts characters from 0. */
export class PythonSyntaxError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

const WORDS: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };

/**
 * Parses what Python's `repr` writes for dictionaries, lists, tuples, strings (`u'...'` too), numbers, True, False and
 * None. Nothing is evaluated.
 * @throws PythonSyntaxError
 */
export function parsePython(text: string): PythonValue {
  let at = 0;

  const fail = (what: string): never => {
    throw new PythonSyntaxError(`${what} expected`, at);
  };
  const space = () => {
    while (text[at] === " " || text[at] === "\t") at++;
  };
  const take = (symbol: string) => {
    space();
    if (text[at] !== symbol) return false;
    at++;
    return true;
  };

  const string = (): string => {
    if (text[at] === "u" || text[at] === "b") at++;
    const quote = text[at];
    if (quote !== "'" && quote !== '"') fail("a string");
    at++;
    let out = "";
    let from = at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (Number.isNaN(code)) fail("the end of a string");
      if (text[at] === quote) {
        out += text.slice(from, at);
        at++;
        return out;
      }
      if (code !== 92) {
        at++;
        continue;
      }
      out += text.slice(from, at) + escape();
      from = at;
    }
  };
  /** The character that the escape at `at` stands for. */
  const escape = (): string => {
    const letter = text[at + 1];
    const digits = { x: 2, u: 4, U: 8 }[letter];
    if (digits !== undefined) {
      const hex = text.slice(at + 2, at + 2 + digits);
      const point = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : NaN;
      if (!(point <= 0x10ffff)) fail("an escaped character");
      at += 2 + digits;
      return String.fromCodePoint(point);
    }
    if (!(letter in ESCAPES)) {
      // Python keeps the backslash of an unknown escape.
      at += 1;
      return "\\";
    }
    at += 2;
    return ESCAPES[letter];
  };

  const list = (close: string): PythonValue[] => {
    const values: PythonValue[] = [];
    for (;;) {
      if (take(close)) return values;
      values.push(value());
      if (!take(",")) return take(close) ? values : fail(`"," or "${close}"`);
    }
  };
  const dictionary = (): { [key: string]: PythonValue } => {
    const entries: [string, PythonValue][] = [];
    for (;;) {
      if (take("}")) break;
      space();
      const key = string();
      if (!take(":")) fail('":"');
      entries.push([key, value()]);
      if (take(",")) continue;
      if (take("}")) break;
      fail('"," or "}"');
    }
    return Object.fromEntries(entries);
  };

  const value = (): PythonValue => {
    space();
    if (take("{")) return dictionary();
    if (take("[")) return list("]");
    if (take("(")) return list(")");
    const start = text[at];
    if (start === "'" || start === '"' || /^[ub]['"]/.test(text.slice(at, at + 2))) return string();
    const word = /^[A-Za-z]+|^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?/.exec(text.slice(at, at + 40))?.[0] ?? "";
    if (word in WORDS) {
      at += word.length;
      return WORDS[word];
    }
    if (word === "" || Number.isNaN(Number(word))) return fail("a value");
    at += word.length;
    // Python 2 marks a long number.
    if (text[at] === "L") at++;
    return Number(word);
  };

  const result = value();
  space();
  if (at !== text.length) fail("the end of the line");
  return result;
}
