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

/** The mean of several runs' costs: what one of them costs. */
export function meanCost(parts: readonly Cost[]): Cost {
  const sum = addCosts(parts);
  const share = (value: number) => value / parts.length;
  return {
    fitSeconds: share(sum.fitSeconds),
    answerSeconds: share(sum.answerSeconds),
    llmCalls: share(sum.llmCalls),
    promptTokens: share(sum.promptTokens),
    completionTokens: share(sum.completionTokens),
    usd: sum.usd === null ? null : share(sum.usd),
  };
}

/** Collects the cost of one recommender's run. */
export class CostMeter {
  private readonly sum: Cost = zeroCost();
  private running: { phase: "fitSeconds" | "answerSeconds"; began: number } | undefined;

  /** What is spent so far, the phase that is running included. */
  get total(): Cost {
    const total = { ...this.sum };
    if (this.running) total[this.running.phase] += (performance.now() - this.running.began) / 1000;
    return total;
  }

  /** Runs the work and adds its wall-clock seconds to the phase. A phase within a phase counts to the outer one. */
  async time<T>(phase: "fit" | "answer", work: () => Promise<T>): Promise<T> {
    if (this.running) return work();
    const timer = {
      phase: phase === "fit" ? "fitSeconds" : "answerSeconds",
      began: performance.now(),
    } as const;
    this.running = timer;
    try {
      return await work();
    } finally {
      this.running = undefined;
      this.sum[timer.phase] += (performance.now() - timer.began) / 1000;
    }
  }

  /** Runs work that another meter pays for: neither its seconds nor its calls are this one's. */
  async aside<T>(work: (other: CostMeter) => Promise<T>): Promise<T> {
    const other = new CostMeter();
    const began = performance.now();
    try {
      return await other.time("fit", () => work(other));
    } finally {
      if (this.running) this.running.began += performance.now() - began;
    }
  }

  /** One call of a language model (or a batch of `calls`). */
  addCalls(use: { calls: number; promptTokens: number; completionTokens: number; usd?: number }): void {
    this.sum.llmCalls += use.calls;
    this.sum.promptTokens += use.promptTokens;
    this.sum.completionTokens += use.completionTokens;
    if (use.usd !== undefined) this.sum.usd = (this.sum.usd ?? 0) + use.usd;
  }

  add(cost: Cost): void {
    Object.assign(this.sum, addCosts([this.sum, cost]));
  }
}

/** What was spent between two readings of a meter. */
export function spentBetween(before: Cost, after: Cost): Cost {
  return {
    fitSeconds: after.fitSeconds - before.fitSeconds,
    answerSeconds: after.answerSeconds - before.answerSeconds,
    llmCalls: after.llmCalls - before.llmCalls,
    promptTokens: after.promptTokens - before.promptTokens,
    completionTokens: after.completionTokens - before.completionTokens,
    usd: after.usd === null ? null : after.usd - (before.usd ?? 0),
  };
}
