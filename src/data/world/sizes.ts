import { UsageError } from "../../core/errors.js";
import { suggestName } from "../../core/names.js";

/** How large a world is. */
export interface WorldSize {
  readonly users: number;
  readonly films: number;
  /** Interactions to expect: each user's number is drawn, so the total differs by about a per cent. */
  readonly interactions: number;
  readonly dialogues: number;
}

/** `tiny` is for tests, `small` the default. */
export const WORLD_SIZES = {
  tiny: { users: 150, films: 170, interactions: 5_000, dialogues: 80 },
  small: { users: 2_000, films: 1_500, interactions: 150_000, dialogues: 4_000 },
} as const satisfies Record<string, WorldSize>;

export type WorldSizeName = keyof typeof WORLD_SIZES;

/** Which world: its size, and the seed of its users (films are the same whatever the seed). */
export interface WorldOptions {
  /** Default `small`. */
  readonly size?: WorldSizeName | WorldSize;
  /** Default 1. */
  readonly seed?: number;
}

const LIMITS = {
  users: [1, 100_000_000],
  films: [85, 30_000],
  interactions: [1, 10_000_000_000],
  dialogues: [0, 10_000_000],
} as const;

/** The size as numbers, checked. */
export function resolveSize(size: WorldSizeName | WorldSize = "small"): WorldSize {
  if (typeof size === "string") {
    if (!(size in WORLD_SIZES)) {
      throw new UsageError("UNKNOWN_WORLD_SIZE", `the embedded world has no size "${size}"`, {
        hint: suggestName(size, Object.keys(WORLD_SIZES)),
      });
    }
    return WORLD_SIZES[size];
  }
  for (const [name, [low, high]] of Object.entries(LIMITS)) {
    const value = size[name as keyof WorldSize];
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new UsageError("BAD_WORLD_SIZE", `the embedded world can't have ${String(value)} ${name}`, {
        hint: `Give a whole number of ${name} from ${String(low)} to ${String(high)}.`,
      });
    }
  }
  const most = size.films / 4;
  if (size.interactions > size.users * most) {
    throw new UsageError(
      "BAD_WORLD_SIZE",
      `${String(size.interactions)} interactions are too many for ${String(size.users)} users and ${String(size.films)} films`,
      {
        hint: `A user sees at most a quarter of the films on average: at most ${String(Math.floor(size.users * most))} here.`,
      },
    );
  }
  return size;
}
