import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parsePython,
  PythonSyntaxError,
  type PythonValue,
} from "../../../src/data/readers/python-literal.js";

/** Writes a value as Python 2's repr does, with the choices that it has (quotes, prefixes) drawn by `pick`. */
function repr(value: PythonValue, pick: () => boolean): string {
  if (typeof value === "string") {
    const quote = pick() ? "'" : '"';
    const body = Array.from(value)
      .map((letter) => {
        const code = letter.codePointAt(0)!;
        if (letter === quote || letter === "\\") return `\\${letter}`;
        if (letter === "\n") return "\\n";
        if (code < 32 || (code > 126 && code < 256)) return `\\x${code.toString(16).padStart(2, "0")}`;
        if (code > 0xffff) return `\\U${code.toString(16).padStart(8, "0")}`;
        return code > 126 && pick() ? `\\u${code.toString(16).padStart(4, "0")}` : letter;
      })
      .join("");
    return `${pick() ? "u" : ""}${quote}${body}${quote}`;
  }
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value) + (Number.isInteger(value) && pick() ? "L" : "");
  if (Array.isArray(value)) return `[${value.map((part) => repr(part, pick)).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, part]) => `${repr(key, pick)}: ${repr(part, pick)}`)
    .join(", ")}}`;
}

const { value: python } = fc.letrec<{ value: PythonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "binary" }),
    fc.integer({ min: -1e9, max: 1e9 }),
    fc
      .double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })
      .map((number) => Number(number.toFixed(4)) + 0),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 5 }), tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

describe("parsePython", () => {
  it("gives back what repr wrote", () => {
    fc.assert(
      fc.property(python, fc.infiniteStream(fc.boolean()), (value, choices) => {
        const pick = () => choices.next().value as boolean;
        expect(parsePython(repr(value, pick))).toEqual(value);
      }),
    );
  });

  // python3 -c 'import ast; print(ast.literal_eval(...))' gives the same for each.
  it.each<[string, PythonValue]>([
    ["{'a': (1, 2,), u'b': [], \"c\": -1.5e3}", { a: [1, 2], b: [], c: -1500 }],
    ["'\\d\\'\\\\'", "\\d'\\"],
    ["  {}  ", {}],
    ["{'__proto__': 1}", Object.fromEntries([["__proto__", 1]])],
    ["b'x'", "x"],
  ])("reads %s", (text, value) => {
    expect(parsePython(text)).toEqual(value);
  });

  it.each([
    "",
    "{",
    "{'a'}",
    "{'a': }",
    "[1 2]",
    "'open",
    "nope",
    "1 2",
    "__import__('os')",
    "'\\u12'",
    "{1: 2}",
    "--1",
  ])("refuses %j", (text) => {
    expect(() => parsePython(text)).toThrow(PythonSyntaxError);
  });
});
