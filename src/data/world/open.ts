import { z } from "zod";
import { UsageError } from "../../core/errors.js";
import type { Dataset } from "../dataset.js";
import { worldDataset } from "./world.js";

const count = z.int().min(0);

const worldOptions = z.strictObject({
  size: z
    .union([
      z.string(),
      z.strictObject({ users: count, films: count, interactions: count, dialogues: count }),
    ])
    .optional(),
  seed: z.int().optional(),
});

/**
 * The embedded world as a configuration asks for it: `{ size: "tiny" }`, or the numbers of users, films, interactions
 * and dialogues.
 * @throws UsageError for an unknown option or size.
 */
export function openWorld(options: Readonly<Record<string, unknown>>): Dataset {
  const parsed = worldOptions.safeParse(options);
  if (!parsed.success) {
    throw new UsageError("BAD_WORLD", `world: ${z.prettifyError(parsed.error)}`, {
      hint: "Such as --set world.size=tiny, or --set 'world.size={users: 500, films: 300, interactions: 20000, dialogues: 0}'.",
    });
  }
  return worldDataset(parsed.data as Parameters<typeof worldDataset>[0]);
}
