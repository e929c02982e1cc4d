import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ProviderError } from "../../core/errors.js";
import { checkTokenizerFiles } from "../checkpoint/checkpoint.js";
import type { ChatMessage, Prompt, Tokenizer } from "../language-model.js";
import { type LibraryTokenizer, modelLibrary } from "./runtime.js";

/** Loads the tokenizer of a model folder. */
export async function loadTokenizer(folder: string, endTokens: readonly number[]): Promise<FolderTokenizer> {
  checkTokenizerFiles(folder);
  const { AutoTokenizer } = await modelLibrary();
  let inner: LibraryTokenizer;
  try {
    inner = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  } catch (error) {
    throw new ProviderError("BAD_TOKENIZER", `the tokenizer can't be read: ${(error as Error).message}`, {
      file: join(folder, "tokenizer.json"),
      cause: error,
    });
  }
  // Newer checkpoints keep their chat template in a file that transformers.js 4.3 doesn't look for.
  const template = join(folder, "chat_template.jinja");
  if (!inner.chat_template && existsSync(template)) inner.chat_template = await readFile(template, "utf8");
  const ends =
    endTokens.length > 0 ? endTokens : inner.eos_token_id === undefined ? [] : [inner.eos_token_id];
  return new FolderTokenizer(inner, ends);
}

/** The tokenizer of a Hugging Face folder. */
export class FolderTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly hasChatTemplate: boolean;

  constructor(
    private readonly inner: LibraryTokenizer,
    readonly endTokens: readonly number[],
  ) {
    this.vocabularySize = inner.get_vocab().size;
    this.hasChatTemplate = Boolean(inner.chat_template);
  }

  /** A token to fill up with; what it is doesn't matter, since the mask hides it. */
  get padToken(): number {
    return this.inner.pad_token_id ?? this.endTokens.at(0) ?? 0;
  }

  encode(text: string, { special = false }: { special?: boolean } = {}): number[] {
    return this.inner.encode(text, { add_special_tokens: special });
  }

  decode(tokens: readonly number[]): string {
    if (tokens.length === 0) return "";
    return this.inner.decode(tokens, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
  }

  render(prompt: Prompt): string {
    if (typeof prompt === "string" && !this.hasChatTemplate) return prompt;
    if (!this.hasChatTemplate) {
      throw new ProviderError(
        "NO_CHAT_TEMPLATE",
        "the prompt is a list of messages, but the model has no chat template",
        {
          hint: "Give the prompt as one text, or use an instruction-tuned model.",
        },
      );
    }
    const messages: readonly ChatMessage[] =
      typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
    return this.inner.apply_chat_template(messages, { tokenize: false, add_generation_prompt: true });
  }

  encodePrompt(prompt: Prompt): number[] {
    return this.encodeRendered(this.render(prompt));
  }

  /** A chat template writes the opening tokens itself. */
  encodeRendered(text: string): number[] {
    return this.encode(text, { special: !this.hasChatTemplate });
  }
}
