/** The factor on the learning rate at a step, counted from 1. */
export type Schedule = (step: number) => number;

export interface DecayOptions {
  /** Steps over which the factor rises from 1/warmup to 1. */
  warmup: number;
  /** The step at which the decay ends. */
  total: number;
  /** The factor from there on; default 0. */
  floor?: number;
}

/** No change of the learning rate. */
export const constantRate: Schedule = () => 1;

function withWarmup({ warmup, total, floor = 0 }: DecayOptions, fall: (part: number) => number): Schedule {
  return (step) => {
    if (step <= warmup) return step / warmup;
    const part = Math.min(1, (step - warmup) / Math.max(1, total - warmup));
    return floor + (1 - floor) * fall(part);
  };
}

/** Warm-up, then a straight line to the floor. */
export function linearDecay(options: DecayOptions): Schedule {
  return withWarmup(options, (part) => 1 - part);
}

/** Warm-up, then half a cosine to the floor (Loshchilov & Hutter 2017, without restarts). */
export function cosineDecay(options: DecayOptions): Schedule {
  return withWarmup(options, (part) => 0.5 * (1 + Math.cos(Math.PI * part)));
}
