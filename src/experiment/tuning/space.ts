import { z } from "zod";
import type { Random } from "../../core/random.js";
import type { Recommender } from "../../recommenders/recommender.js";
import type { TaskId } from "../../tasks/task.js";

/** How one option is drawn. */
export type Choice =
  | { readonly kind: "one-of"; readonly values: readonly unknown[] }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number; readonly whole: boolean }
  | { readonly kind: "log-uniform"; readonly low: number; readonly high: number; readonly whole: boolean }
  /** 0 in half of the draws, else log-uniform: a penalty that may be left out. */
  | { readonly kind: "zero-or-log-uniform"; readonly low: number; readonly high: number };

/** What is searched, by option; one within a group is named with a dot: `filter.hidden`. */
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

/** What is searched of which recommender. */
type Searched = Pick<Recommender<TaskId>, "options" | "untuned">;

/**
 * The space of a recommender's options, read off their schema, groups included: both values of a flag, every value of an enumeration,
 * the range of a number with two bounds, a quarter to four times the default of any other. Left out: options of effort, options that
 * are set, those that are lists (a recommender searches those grids itself), and what the recommender itself leaves alone
 * ({@link Recommender.untuned}). Where the schema has several forms (one for each backbone), it is that of the given options.
 * @param given - what the user has set.
 */
export function spaceOf(
  { options, untuned }: Searched,
  given: Readonly<Record<string, unknown>> = {},
): Space {
  const resolved = options.safeParse(given);
  if (!resolved.success) return {};
  const alone = new Set(untuned?.(resolved.data));
  return Object.fromEntries(choicesOf(options, resolved.data, given, "", alone));
}

/** The choices within an object of options; none where the schema is no object. */
function choicesOf(
  schema: z.core.$ZodType,
  resolved: unknown,
  given: unknown,
  prefix: string,
  alone: ReadonlySet<string>,
): [string, Choice][] {
  const object = objectOf(schema, resolved);
  if (object === undefined) return [];
  return Object.entries(object.shape as Readonly<Record<string, z.core.$ZodType>>).flatMap(
    ([name, option]): [string, Choice][] => {
      const path = prefix + name;
      if (EFFORT.has(name) || alone.has(path)) return [];
      const set = fieldOf(given, name);
      if (option instanceof z.ZodPrefault) {
        return choicesOf(option.unwrap(), fieldOf(resolved, name), set, `${path}.`, alone);
      }
      if (set !== undefined || !(option instanceof z.ZodDefault)) return [];
      const choice = choiceOf(option.unwrap(), option.parse(undefined));
      return choice === undefined ? [] : [[path, choice]];
    },
  );
}

/** The form of a schema that these options have: what is prepared for it, and of several forms the one of their discriminator. */
function objectOf(schema: z.core.$ZodType, resolved: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodPipe) return objectOf(schema.out, resolved);
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return undefined;
  const form = schema.options.find((one) => one instanceof z.ZodObject && one.safeParse(resolved).success);
  return form instanceof z.ZodObject ? form : undefined;
}

function fieldOf(record: unknown, name: string): unknown {
  if (typeof record !== "object" || record === null || !Object.hasOwn(record, name)) return undefined;
  return (record as Readonly<Record<string, unknown>>)[name];
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

/** One point of the space, as options are given. */
export function drawFrom(space: Space, random: Random): Record<string, unknown> {
  const drawn: Record<string, unknown> = {};
  for (const [path, choice] of Object.entries(space)) {
    const groups = path.split(".");
    const name = groups.pop()!;
    let place = drawn;
    for (const group of groups) place = (place[group] ??= {}) as Record<string, unknown>;
    place[name] = draw(choice, random);
  }
  return drawn;
}

/** Options with others in their place, group by group. */
export function withOptions(options: unknown, others: Readonly<Record<string, unknown>>): unknown {
  const isGroup = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const out: Record<string, unknown> = { ...(options as object) };
  for (const [name, value] of Object.entries(others)) {
    out[name] = isGroup(value) ? withOptions(out[name], value) : value;
  }
  return out;
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
