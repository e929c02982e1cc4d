/** What a contender takes for one piece of work, in milliseconds. */
export interface Contender {
  readonly name: string;
  /** Does the work once and says how long it took. */
  readonly run: () => Promise<number>;
}

export interface Measurement {
  readonly name: string;
  readonly median: number;
  readonly best: number;
}

/**
 * What is counted: time on the wall, or the processor's time spent in this process. On a machine that others load, the second with one thread
 * is what can still be trusted; with more threads it counts their waiting for each other too.
 */
export type Clock = "wall" | "cpu";

/** The milliseconds that some work takes. */
export async function timed(work: () => Promise<unknown>, clock: Clock = "wall"): Promise<number> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  if (clock === "wall") return performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Lets the contenders take turns, so that a machine that is busy for a while is busy for all of them. The first round warms up and is not
 * counted.
 * @param pause - milliseconds of rest before each turn: threads of the one before go to sleep.
 */
export async function takeTurns(
  contenders: readonly Contender[],
  rounds: number,
  pause = 50,
): Promise<Measurement[]> {
  const times = contenders.map(() => [] as number[]);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { run }] of contenders.entries()) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const milliseconds = await run();
      if (round > 0) times[i].push(milliseconds);
    }
  }
  return contenders.map(({ name }, i) => ({ name, median: median(times[i]), best: Math.min(...times[i]) }));
}

/** A table of the measurements and of their ratios to the first, which is the one that is judged. */
export function tableOf(measurements: readonly Measurement[]): string {
  const [judged] = measurements;
  const rows = measurements.map(({ name, median: middle, best }) => [
    name,
    middle.toFixed(1),
    best.toFixed(1),
    (middle / judged.median).toFixed(2),
    (best / judged.best).toFixed(2),
  ]);
  const header = ["", "median ms", "best ms", "ratio of medians", "ratio of bests"];
  return [header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
