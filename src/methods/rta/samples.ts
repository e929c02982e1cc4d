import type { TrainingPair } from "../../llm/training/batches.js";
import type { ConversationTraining } from "../../tasks/conversation.js";
import { saidBefore } from "./prompts.js";

/**
 * What a language model learns a platform's way of talking from: each thing that the recommender says in a training dialogue, with the
 * turns before it as the question, written as the method's prompts write them. Nothing of a validation or test dialogue is among them.
 * @param turns - the most turns in a question, the newest.
 */
export function dialoguePairs(
  { dialogues }: Pick<ConversationTraining, "dialogues">,
  turns: number,
): TrainingPair[] {
  return dialogues.flatMap((dialogue) =>
    dialogue.turns.flatMap(({ role, text }, n) =>
      role === "recommender" && text.trim() !== ""
        ? [
            {
              prompt: saidBefore(dialogue.turns.slice(Math.max(0, n - turns), n)) + "System:",
              completion: ` ${text}`,
            },
          ]
        : [],
    ),
  );
}
