import { Random } from "../../core/random.js";
import { type Catalogue, makeCatalogue, withMoods } from "./catalogue.js";
import { CORPUS_SEED, EXPOSURE } from "./constants.js";
import type { Platform } from "./histories.js";
import { permutedDirectorMoods } from "./knowledge.js";
import { makePopularity } from "./popularity.js";
import { resolveSize, type WorldOptions } from "./sizes.js";

/** The platform of a run: the fixed catalogue and the users of the given seed. */
export function makePlatform(options: WorldOptions = {}): Platform {
  return platformOf(options, Random.fromSeed(`world/${options.seed ?? 1}`));
}

/**
 * The platform with another population, the only one that a language model's corpus may tell of. Films are those of
 * {@link makePlatform}; no user, taste or interaction is shared with any run, whatever its seed.
 * @param twin - the population lives in the twin's world, whose directors have each other's moods.
 */
export function makeCorpusPlatform(options: Pick<WorldOptions, "size"> & { twin?: boolean } = {}): Platform {
  return platformOf(options, Random.fromSeed(CORPUS_SEED), (catalogue) =>
    options.twin === true ? withMoods(catalogue, permutedDirectorMoods(catalogue)) : catalogue,
  );
}

function platformOf(
  options: WorldOptions,
  random: Random,
  change: (catalogue: Catalogue) => Catalogue = (catalogue) => catalogue,
): Platform {
  const size = resolveSize(options.size);
  const catalogue = change(makeCatalogue(size.films));
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
