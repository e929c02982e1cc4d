import { UsageError } from "../core/errors.js";
import { EMBEDDED_MODELS, type EmbeddedName } from "./embedded.js";

/** A parsed `--llm SPEC`. */
export type ModelSpec =
  | { readonly kind: "embedded"; readonly name: EmbeddedName }
  | { readonly kind: "hf"; readonly repository: string; readonly revision: string }
  | { readonly kind: "dir"; readonly path: string }
  | { readonly kind: "openai"; readonly baseUrl: string; readonly model: string }
  | { readonly kind: "replay"; readonly file: string };

/** The forms of a SPEC with what each means, for help and errors. */
export const MODEL_SPECS: readonly { readonly form: string; readonly meaning: string }[] = [
  { form: "embedded", meaning: "the small model that ships with the program" },
  {
    form: "embedded-twin",
    meaning: "its twin, which was told false facts of directors: the floor of what knowledge is worth",
  },
  { form: "hf:ORG/NAME[@REVISION]", meaning: "a model of the Hugging Face Hub, downloaded once" },
  { form: "dir:PATH", meaning: "a Hugging Face folder on this machine" },
  { form: "openai:BASE_URL#MODEL", meaning: "any server that speaks the OpenAI protocol" },
  { form: "replay:FILE", meaning: "answers recorded earlier" },
];

function reject(spec: string, why: string): UsageError {
  const list = MODEL_SPECS.map(({ form, meaning }) => `${form} (${meaning})`).join(", ");
  return new UsageError("BAD_MODEL_SPEC", `--llm ${spec}: ${why}`, { hint: `Expected one of: ${list}.` });
}

/**
 * Parses `embedded`, `embedded-twin`, `hf:ORG/NAME`, `dir:PATH`, `openai:BASE_URL#MODEL` or `replay:FILE`.
 * @throws UsageError that lists these forms. A URL with a user name, a password or a query is refused: keys come from the
 * environment alone, and a SPEC ends up in manifests.
 */
export function parseModelSpec(spec: string): ModelSpec {
  if (spec in EMBEDDED_MODELS) return { kind: "embedded", name: spec as EmbeddedName };
  const colon = spec.indexOf(":");
  const kind = colon < 0 ? spec : spec.slice(0, colon);
  const rest = colon < 0 ? "" : spec.slice(colon + 1);
  switch (kind) {
    case "hf":
      return parseRepository(spec, rest);
    case "dir":
      if (rest === "") throw reject(spec, "the folder is missing");
      return { kind: "dir", path: rest };
    case "replay":
      if (rest === "") throw reject(spec, "the file is missing");
      return { kind: "replay", file: rest };
    case "openai":
      return parseServer(spec, rest);
    default:
      throw reject(spec, `"${kind}" is no kind of model`);
  }
}

/**
 * Parses `hf:ORG/NAME`, also without `hf:`.
 * @throws UsageError for any other form.
 */
export function parseHubSpec(text: string): Extract<ModelSpec, { kind: "hf" }> {
  return parseRepository(text, text.startsWith("hf:") ? text.slice(3) : text);
}

function parseRepository(spec: string, rest: string): Extract<ModelSpec, { kind: "hf" }> {
  const [repository, revision = "main", ...more] = rest.split("@");
  if (!/^\w[\w.-]*\/\w[\w.-]*$/.test(repository) || !/^\w[\w./-]*$/.test(revision) || more.length > 0) {
    throw reject(spec, "expected hf:ORG/NAME or hf:ORG/NAME@REVISION");
  }
  return { kind: "hf", repository, revision };
}

function parseServer(spec: string, rest: string): ModelSpec {
  const hash = rest.indexOf("#");
  if (hash < 0 || hash === rest.length - 1) throw reject(spec, "the model's name is missing after #");
  const url = URL.canParse(rest.slice(0, hash)) ? new URL(rest.slice(0, hash)) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw reject(spec, "the server's address must begin with http:// or https://");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "") {
    // The address itself isn't repeated: it may hold a key.
    throw reject(
      "openai:...",
      "the address must not hold a user name, a password or a query; keys come from the environment",
    );
  }
  return { kind: "openai", baseUrl: url.href.replace(/\/+$/, ""), model: rest.slice(hash + 1) };
}

/** A SPEC as text again: parsing it gives the same model. */
export function formatModelSpec(spec: ModelSpec): string {
  switch (spec.kind) {
    case "embedded":
      return spec.name;
    case "hf":
      return `hf:${spec.repository}${spec.revision === "main" ? "" : `@${spec.revision}`}`;
    case "dir":
      return `dir:${spec.path}`;
    case "openai":
      return `openai:${spec.baseUrl}#${spec.model}`;
    case "replay":
      return `replay:${spec.file}`;
  }
}
