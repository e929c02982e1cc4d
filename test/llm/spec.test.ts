import { describe, expect, it } from "vitest";
import { EXIT, UsageError } from "../../src/core/errors.js";
import { formatModelSpec, parseModelSpec } from "../../src/llm/spec.js";

describe("--llm SPEC", () => {
  it.each([
    ["embedded", { kind: "embedded", name: "embedded" }],
    ["embedded-twin", { kind: "embedded", name: "embedded-twin" }],
    ["hf:Qwen/Qwen2.5-0.5B", { kind: "hf", repository: "Qwen/Qwen2.5-0.5B", revision: "main" }],
    ["hf:Qwen/Qwen3-0.6B@v1.0", { kind: "hf", repository: "Qwen/Qwen3-0.6B", revision: "v1.0" }],
    ["dir:/models/a b", { kind: "dir", path: "/models/a b" }],
    ["replay:answers.jsonl", { kind: "replay", file: "answers.jsonl" }],
    [
      "openai:http://localhost:8000/v1#org/model:7b",
      { kind: "openai", baseUrl: "http://localhost:8000/v1", model: "org/model:7b" },
    ],
  ])("%s", (text, spec) => {
    expect(parseModelSpec(text)).toEqual(spec);
    expect(parseModelSpec(formatModelSpec(parseModelSpec(text)))).toEqual(spec);
  });

  it.each([
    "gpt",
    "",
    "hf:noslash",
    "hf:a/b@",
    "hf:../etc",
    "hf:a/b@c@d",
    "dir:",
    "replay:",
    "openai:localhost#m",
    "openai:http://localhost/v1",
    "openai:http://localhost/v1#",
    "openai:ftp://host#m",
    "embedded:x",
  ])("refuses %j and lists what there is", (text) => {
    let error: unknown;
    try {
      parseModelSpec(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).exit).toBe(EXIT.usage);
    for (const form of ["embedded", "hf:ORG/NAME", "dir:PATH", "openai:BASE_URL#MODEL", "replay:FILE"]) {
      expect((error as UsageError).hint).toContain(form);
    }
  });

  it.each(["openai:http://user:sesame@host/v1#m", "openai:https://host/v1?key=sesame#m"])(
    "refuses secrets without repeating them",
    (text) => {
      expect(() => parseModelSpec(text)).toThrow(/keys come from the environment/);
      expect(() => parseModelSpec(text)).not.toThrow(/sesame/);
    },
  );
});
