/** What one recommender spent. Seconds are wall-clock; dollars are null where no price is known. */
export interface Cost {
  fitSeconds: number;
  answerSeconds: number;
  llmCalls: number;
  promptTokens: number;
  completionTokens: number;
  usd: number | null;
}

export function zeroCost(): Cost {
  return { fitSeconds: 0, answerSeconds: 0, llmCalls: 0, promptTokens: 0, completionTokens: 0, usd: null };
}

/** Adds costs; dollars stay null only where no part has a price. */
export function addCosts(parts: readonly Cost[]): Cost {
  const sum = zeroCost();
  for (const part of parts) {
    sum.fitSeconds += part.fitSeconds;
    sum.answerSeconds += part.answerSeconds;
    sum.llmCalls += part.llmCalls;
    sum.promptTokens += part.promptTokens;
    sum.completionTokens += part.completionTokens;
    if (part.usd !== null) sum.usd = (sum.usd ?? 0) + part.usd;
  }
  return sum;
}

/** Collects the cost of one recommender's run. */
export class CostMeter {
  readonly total: Cost = zeroCost();

  /** Runs the work and adds its wall-clock seconds to the phase. */
  async time<T>(phase: "fit" | "answer", work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await work();
    } finally {
      const seconds = (performance.now() - began) / 1000;
      if (phase === "fit") this.total.fitSeconds += seconds;
      else this.total.answerSeconds += seconds;
    }
  }

  /** One call of a language model (or a batch of `calls`). */
  addCalls(use: { calls: number; promptTokens: number; completionTokens: number; usd?: number }): void {
    this.total.llmCalls += use.calls;
    this.total.promptTokens += use.promptTokens;
    this.total.completionTokens += use.completionTokens;
    if (use.usd !== undefined) this.total.usd = (this.total.usd ?? 0) + use.usd;
  }

  add(cost: Cost): void {
    Object.assign(this.total, addCosts([this.total, cost]));
  }
}

/** What was spent between two readings of a meter; all seconds of a stage's work count as fitting. */
export function spentSince(before: Cost, after: Cost, seconds: number): Cost {
  return {
    fitSeconds: seconds,
    answerSeconds: 0,
    llmCalls: after.llmCalls - before.llmCalls,
    promptTokens: after.promptTokens - before.promptTokens,
    completionTokens: after.completionTokens - before.completionTokens,
    usd: after.usd === null ? null : after.usd - (before.usd ?? 0),
  };
}
