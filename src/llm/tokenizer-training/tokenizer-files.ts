import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../../core/files.js";
import type { BytePairs } from "./byte-level-bpe.js";

/** Ends a text, and fills up short rows. */
export const END = "<|end|>";
/** Begins every text. */
export const BEGIN = "<|begin|>";
export const END_TOKEN = 0;
export const BEGIN_TOKEN = 1;
/** The id of the first learnt token; the others follow in their order. */
export const FIRST_TOKEN = 2;

/**
 * Writes tokenizer.json and tokenizer_config.json as Hugging Face's libraries read them: {@link END} is token 0, {@link BEGIN} token 1, put
 * before every text; then the tokens in their order, then the names, each of which is one token wherever it stands.
 */
export async function writeTokenizer(
  folder: string,
  { tokens, merges }: BytePairs,
  contextLength: number,
  names: readonly string[] = [],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const special = [END, BEGIN];
  const added = (content: string, id: number, isSpecial: boolean) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: isSpecial,
  });
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  await writeJson(join(folder, "tokenizer.json"), {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      ...special.map((content, id) => added(content, id, true)),
      ...names.map((name, n) => added(name, FIRST_TOKEN + tokens.length + n, false)),
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: BEGIN, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [
        { SpecialToken: { id: BEGIN, type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
        { Sequence: { id: "B", type_id: 1 } },
      ],
      special_tokens: { [BEGIN]: { id: BEGIN, ids: [BEGIN_TOKEN], tokens: [BEGIN] } },
    },
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries([...special, ...tokens].map((token, id) => [token, id])),
      merges: merges.map((pair) => pair.join(" ")),
    },
  });
  await writeJson(join(folder, "tokenizer_config.json"), {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: BEGIN,
    eos_token: END,
    pad_token: END,
    padding_side: "left",
    clean_up_tokenization_spaces: false,
    model_max_length: contextLength,
    // A server speaks in chats: the messages' texts, one after the other, are the text that the model goes on from.
    chat_template: "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}",
  });
}
