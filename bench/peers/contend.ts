/**
 * Runs the contenders in turns, seed by seed, so that a busy machine slows all of them; prints each result as a JSON line.
 * @param only - one contender's name, or "" for all.
 * @returns the results of each, in the order of the seeds.
 */
export async function contend<R extends object>(
  contenders: Readonly<Record<string, (seed: number) => Promise<R> | R>>,
  seeds: string,
  only: string,
): Promise<Map<string, R[]>> {
  const results = new Map<string, R[]>();
  for (const seed of seeds.split(",").map(Number)) {
    for (const [who, run] of Object.entries(contenders)) {
      if (only !== "" && only !== who) continue;
      const result = await run(seed);
      console.log(JSON.stringify({ seed, who, ...result }));
      results.set(who, [...(results.get(who) ?? []), result]);
    }
  }
  return results;
}
