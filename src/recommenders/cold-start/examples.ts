import type { Random } from "../../core/random.js";
import { int32 } from "../../engine/run/tensor.js";
import type { Source } from "./model.js";

/** An example is a warm item: `item` [n]. */
export const WARM_ITEMS = {
  examples: ({ sampler }: Source) => sampler.trained.length,
  batch: (chosen: Int32Array, { sampler }: Source) => ({
    item: int32(chosen.map((n) => sampler.trained[n])),
  }),
};

/** An example is a training pair with a random item that the user does not have: `user`, `positive`, `negative` [n]. */
export const TRIPLES = {
  examples: ({ sampler }: Source) => sampler.users.length,
  batch(chosen: Int32Array, { sampler }: Source, _options: unknown, random: Random) {
    const user = chosen.map((n) => sampler.users[n]);
    return {
      user: int32(user),
      positive: int32(chosen.map((n) => sampler.items[n])),
      negative: int32(user.map((one) => sampler.negative(one, random))),
    };
  },
};
