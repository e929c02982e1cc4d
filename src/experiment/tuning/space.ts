import { z } from "zod";
import type { Random } from "../../core/random.js";

/** How one option is drawn. */
export type Choice =
  | { readonly kind: "one-of"; readonly values: readonly unknown[] }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number; readonly whole: boolean }
  | { readonly kind: "log-uniform"; readonly low: number; readonly high: number; readonly whole: boolean }
  /** 0 in half of the draws, else log-uniform: a penalty that may be left out. */
  | { readonly kind: "zero-or-log-uniform"; readonly low: number; readonly high: number };

/** What is searched, by option. */
export type Space = Readonly<Record<string, Choice>>;

/** Options of effort, not of the model: more is only slower, or they stop training by themselves. */
const EFFORT = new Set([
  "batchSize",
  "cgSteps",
  "epochs",
  "iterations",
  "maxNewTokens",
  "patience",
  "shown",
  "validateEvery",
]);

/** A default without bounds is searched from a quarter to four times of it. */
const REACH = 4;
const PENALTY = { low: 1e-6, high: 1e-2 };

/**
 * The space of a recommender's options, read off their schema: both values of a flag, every value of an enumeration, the range of
 * a number with two bounds, a quarter to four times the default of any other. Left out: options of effort, options that are
 * set, and those that are lists (a recommender searches those grids itself).
 * @param options - the recommender's schema.
 * @param fixed - names of options that the user has set.
 */
export function spaceOf(options: z.ZodType, fixed: ReadonlySet<string>): Space {
  if (!(options instanceof z.ZodObject)) return {};
  const shape = options.shape as Readonly<Record<string, z.core.$ZodType>>;
  return Object.fromEntries(
    Object.entries(shape).flatMap(([name, schema]) => {
      if (EFFORT.has(name) || fixed.has(name) || !(schema instanceof z.ZodDefault)) return [];
      const choice = choiceOf(schema.unwrap(), schema.parse(undefined));
      return choice === undefined ? [] : [[name, choice] as const];
    }),
  );
}

function choiceOf(schema: z.core.$ZodType, given: unknown): Choice | undefined {
  if (schema instanceof z.ZodBoolean) return { kind: "one-of", values: [false, true] };
  if (schema instanceof z.ZodEnum) return { kind: "one-of", values: schema.options };
  if (!(schema instanceof z.ZodNumber) || typeof given !== "number") return undefined;
  const whole = schema instanceof z.ZodNumberFormat;
  const [min, max] = [bound(schema.minValue), bound(schema.maxValue)];
  if (min !== undefined && max !== undefined && !(whole && max / Math.max(1, min) > REACH ** 2)) {
    return { kind: "uniform", low: min, high: max, whole };
  }
  if (given > 0) {
    const low = Math.max(given / REACH, whole ? Math.max(1, min ?? 1) : 0);
    return { kind: "log-uniform", low, high: Math.min(given * REACH, max ?? Infinity), whole };
  }
  return given === 0 && min === 0 && !whole ? { kind: "zero-or-log-uniform", ...PENALTY } : undefined;
}

/** Undefined for what stands for "no bound". */
function bound(value: number | null): number | undefined {
  return value === null || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
}

/** One point of the space. */
export function drawFrom(space: Space, random: Random): Record<string, unknown> {
  return Object.fromEntries(Object.entries(space).map(([name, choice]) => [name, draw(choice, random)]));
}

function draw(choice: Choice, random: Random): unknown {
  const log = (low: number, high: number) => low * (high / low) ** random.uniform();
  const tidy = (value: number) => Number(value.toPrecision(3));
  switch (choice.kind) {
    case "one-of":
      return random.pick(choice.values);
    case "uniform": {
      const { low, high, whole } = choice;
      return whole ? low + random.int(high - low + 1) : tidy(low + random.uniform() * (high - low));
    }
    case "log-uniform": {
      const value = log(choice.low, choice.high);
      return choice.whole ? Math.round(value) : tidy(value);
    }
    case "zero-or-log-uniform":
      return random.uniform() < 0.5 ? 0 : tidy(log(choice.low, choice.high));
  }
}
