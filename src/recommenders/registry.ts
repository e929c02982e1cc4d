import { z } from "zod";
import { UsageError } from "../core/errors.js";
import { suggestName } from "../core/names.js";
import type { TaskId } from "../tasks/task.js";
import { oracle } from "./controls/oracle.js";
import { popularity } from "./controls/popularity.js";
import { random } from "./controls/random.js";
import { ctrRate, itemRate, oracleCtr, randomCtr } from "./ctr/controls.js";
import { CTR_NETWORKS } from "./ctr/recommenders.js";
import { bm25, bm25Dialogues } from "./dialogue/bm25.js";
import { fism } from "./dialogue/fism.js";
import { sasrecConversation } from "./dialogue/sasrec.js";
import { gpt35Recorded, gpt4Recorded } from "./dialogue/recorded.js";
import { coMention } from "./dialogue/co-mention.js";
import {
  oracleConversation,
  popularityConversation,
  randomConversation,
  recentPopularity,
} from "./dialogue/controls.js";
import { aldi } from "./cold-start/aldi.js";
import { clcRec } from "./cold-start/clcrec.js";
import { deepMusic } from "./cold-start/deepmusic.js";
import { dropoutNet } from "./cold-start/dropoutnet.js";
import { gar } from "./cold-start/gar.js";
import { metaEmbedding } from "./cold-start/meta-embedding.js";
import { mtpr } from "./cold-start/mtpr.js";
import { als } from "./factorisation/als.js";
import { bprMf } from "./factorisation/bpr-mf.js";
import { ease } from "./factorisation/ease.js";
import { lightGcn } from "./graph/lightgcn.js";
import { ngcf } from "./graph/ngcf.js";
import { contentKnn } from "./neighbours/content-knn.js";
import { itemKnn } from "./neighbours/item-knn.js";
import { userKnn } from "./neighbours/user-knn.js";
import type { Recommender } from "./recommender.js";
import {
  bestAttainableList,
  oracleList,
  popularInGenre,
  popularityList,
  randomList,
} from "./sequential/controls.js";
import { caser, fpmc, gru4rec, sasrec } from "./sequential/recommenders.js";
import { markov } from "./sequential/markov.js";
import { allReranked } from "./rerank/reranked.js";

/** Names that stand for several recommenders in `--recommenders`. */
export const GROUPS = ["all", "classic", "llm", "control"] as const;

/** Every recommender that the program brings along, in the order in which tables show them. */
export const RECOMMENDERS: readonly Recommender<TaskId>[] = [
  random,
  popularity,
  contentKnn,
  itemKnn,
  userKnn,
  ease,
  als,
  bprMf,
  lightGcn,
  ngcf,
  deepMusic,
  dropoutNet,
  metaEmbedding,
  mtpr,
  clcRec,
  gar,
  aldi,
  oracle,
  randomCtr,
  ctrRate,
  itemRate,
  ...Object.values(CTR_NETWORKS),
  oracleCtr,
  randomList,
  popularityList,
  popularInGenre,
  markov,
  fpmc,
  gru4rec,
  caser,
  sasrec,
  ...allReranked(popularityList),
  ...allReranked(popularInGenre),
  ...allReranked(markov),
  ...allReranked(fpmc),
  ...allReranked(gru4rec),
  ...allReranked(caser),
  ...allReranked(sasrec),
  oracleList,
  bestAttainableList,
  randomConversation,
  popularityConversation,
  recentPopularity,
  bm25,
  bm25Dialogues,
  coMention,
  fism,
  sasrecConversation,
  gpt35Recorded,
  gpt4Recorded,
  oracleConversation,
];

/**
 * The recommenders that a list of names and groups asks for, each once, in the order asked (a group: in the registry's
 * order). `all` is every one of the task, `classic`, `llm` and `control` those of that kind, without those on request.
 * @param registry - the built-in ones; plugins give theirs as well.
 * @throws UsageError `UNKNOWN_RECOMMENDER` with the nearest name.
 */
export function selectRecommenders<T extends TaskId>(
  task: T,
  names: readonly string[],
  registry: readonly Recommender<TaskId>[] = RECOMMENDERS,
): Recommender<T>[] {
  const ofTask = registry.filter((one): one is Recommender<T> => (one.task as string) === task);
  const chosen = new Set<Recommender<T>>();
  for (const name of names) {
    const matches = ofTask.filter(
      ({ id, kind, onRequest }) => name === id || (onRequest !== true && (name === "all" || name === kind)),
    );
    if (matches.length === 0) {
      const known = [...ofTask.map(({ id }) => id), ...GROUPS];
      throw new UsageError("UNKNOWN_RECOMMENDER", `the task ${task} has no recommender "${name}"`, {
        hint: suggestName(name, known),
      });
    }
    for (const match of matches) chosen.add(match);
  }
  return [...chosen];
}

/**
 * Checks a recommender's options and fills in the defaults.
 * @throws UsageError `BAD_OPTION` that names the option, what is wrong and, for an unknown one, the nearest name.
 */
export function resolveOptions<O>(
  recommender: Pick<Recommender<TaskId, O>, "id" | "options">,
  given: Readonly<Record<string, unknown>> = {},
): O {
  const result = recommender.options.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const name = [recommender.id, ...issue.path.map(String)].join(".");
  if (issue.code === "unrecognized_keys") {
    const top = recommender.options instanceof z.ZodObject && issue.path.length === 0;
    const known = top ? Object.keys(recommender.options.shape) : [];
    const none = `${recommender.id} has no options.`;
    const hint = !top ? undefined : known.length === 0 ? none : suggestName(issue.keys[0], known);
    throw new UsageError("BAD_OPTION", `${name} has no option "${issue.keys[0]}"`, { hint });
  }
  const hint: unknown = issue.code === "custom" ? issue.params?.hint : undefined;
  throw new UsageError("BAD_OPTION", `${name}: ${issue.message}`, {
    ...(typeof hint === "string" && { hint }),
  });
}
