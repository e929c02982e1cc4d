import { Random } from "../../core/random.js";
import { makeCatalogue } from "./catalogue.js";
import { CORPUS_SEED, EXPOSURE } from "./constants.js";
import type { Platform } from "./histories.js";
import { makePopularity } from "./popularity.js";
import { resolveSize, type WorldOptions } from "./sizes.js";

/** The platform of a run: the fixed catalogue and the users of the given seed. */
export function makePlatform(options: WorldOptions = {}): Platform {
  return platformOf(options, Random.fromSeed(`world/${options.seed ?? 1}`));
}

/**
 * The platform with another population, the only one that a language model's corpus may tell of. Films are those of
 * {@link makePlatform}; no user, taste or interaction is shared with any run, whatever its seed.
 */
export function makeCorpusPlatform(options: Pick<WorldOptions, "size"> = {}): Platform {
  return platformOf(options, Random.fromSeed(CORPUS_SEED));
}

function platformOf(options: WorldOptions, random: Random): Platform {
  const size = resolveSize(options.size);
  const catalogue = makeCatalogue(size.films);
  const popularity = makePopularity(catalogue);
  const exponent = EXPOSURE.popularity;
  return {
    catalogue,
    popularity,
    exposure: popularity.log.map((value) => Math.exp(exponent * value)),
    random,
    users: size.users,
    dialogues: size.dialogues,
    activity: size.interactions / size.users,
  };
}
