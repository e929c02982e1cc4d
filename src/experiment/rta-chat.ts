import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CostMeter } from "../core/cost.js";
import { hashOf } from "../core/hash.js";
import type { Progress } from "../core/progress.js";
import { Random } from "../core/random.js";
import { StageStore } from "../core/stages.js";
import { openDataset } from "../data/catalogue.js";
import { makeSplit } from "../data/splits/strategies.js";
import { openLanguageModel } from "../llm/open.js";
import { parseModelSpec } from "../llm/spec.js";
import { Chat, type ChatAnswer } from "../methods/rta/chat.js";
import { fitGate } from "../methods/rta/rows.js";
import { conversationProtocol } from "../tasks/conversation-protocol.js";
import { defaultConversationSplit } from "../tasks/conversation-task.js";

/** What `llmrec rta chat` asks for. */
interface ChatRequest {
  readonly dataset: string;
  readonly data?: string;
  readonly llm: string;
  readonly length: number;
  /** Folder that holds the trained model's stages, which a second chat finds again. */
  readonly out: string;
  readonly cache: string;
  readonly offline: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A chat that is ready to go on. */
interface OpenChat {
  readonly titles: readonly string[];
  say(text: string): Promise<ChatAnswer>;
  close(): Promise<void>;
}

/** Fits the gated method with its defaults on a data set's training dialogues, or finds it fitted. */
export async function openChat(request: ChatRequest): Promise<OpenChat> {
  const { progress, signal, offline, cache } = request;
  const spec = parseModelSpec(request.llm);
  const dataset = await openDataset(request.dataset, {
    data: request.data,
    cache,
    offline,
    progress,
    signal,
  });
  const split = makeSplit(dataset, defaultConversationSplit(dataset));
  const { training } = conversationProtocol(dataset, split);
  const folder = join(request.out, `rta-chat-${hashOf([training.hash, request.llm]).slice(0, 8)}`);
  await mkdir(folder, { recursive: true });
  const model = await openLanguageModel(spec, { progress, signal }, { offline });
  const cost = new CostMeter();
  const seed = 1;
  const context = {
    ...{ seed, cost, progress, signal },
    random: Random.fromSeed(seed).fork("rta-gate"),
    stages: new StageStore(join(folder, "stages"), new Map(), "rta-gate", cost),
    llm: () => Promise.resolve(model),
  };
  try {
    const chat = new Chat(training, await fitGate(training, context), request.length);
    return {
      titles: training.items.titles,
      say: (text) => chat.say(text, context),
      close: () => model.close(),
    };
  } catch (error) {
    await model.close();
    throw error;
  }
}
