import { UsageError } from "../../core/errors.js";
import { hashArrays } from "../../core/hash.js";
import { csrFromPairs, rowOfEachEntry } from "../../data/csr.js";
import type { ItemTable } from "../../data/dataset.js";
import { Random } from "../../core/random.js";
import type { Factors } from "../../recommenders/factorisation/factors.js";
import type { RunContext } from "../../recommenders/recommender.js";
import type { ColdStartTraining } from "../../tasks/cold-start.js";
import type { ColdLlmOptions } from "./coldllm.js";
import { embedItems } from "./embed.js";
import { coupledSpaces, spaceRows } from "./filter.js";
import { refine, statesOf } from "./funnel.js";
import { askJudge } from "./judge.js";
import { acceptedPairs, type Candidates, type Judgements, type Pairs } from "./pairs.js";
import type { Rows } from "../../core/safetensors.js";
import { userSearch, warnOfRecall } from "./search.js";
import { simulator } from "./simulator.js";
import { withAdapter } from "../../llm/local/with-adapter.js";
import { updateColdItems, updateEmbeddings } from "./update.js";

/** What a platform learns about new items, and what that cost. */
export interface AddedItems {
  /** For each new item, in order, its candidates, best first, numbered from the first new item. */
  readonly candidates: Candidates;
  readonly judgements: Judgements;
  /**
   * The share of the exact search's candidates that an approximate one found, over a sample of the new items that were searched for both
   * ways, apart from the seconds; null where the search is exact.
   */
  readonly searchRecall: number | null;
  /** [new items, size]: zeros where nobody was accepted. */
  readonly embeddings: Rows;
  /** SHA-256 of the embeddings of all users and known items, as the run serves them and after the new ones came. */
  readonly others: { readonly before: string; readonly after: string };
  readonly seconds: Readonly<Record<"embed" | "filter" | "judge" | "update", number>>;
}

/**
 * ColdLLM's online mode: new items go through the funnel of a finished run, and only their embeddings are learnt; users and known
 * items stay as the run serves them, bit for bit.
 * @param fresh - the new items alone, every one with words.
 * @param context - of the finished run: its stages are read and none is computed.
 */
export async function addItems(
  train: ColdStartTraining,
  fresh: ItemTable,
  options: ColdLlmOptions,
  context: RunContext,
): Promise<AddedItems> {
  if (options.embed.from === "words") {
    throw new UsageError("BAD_OPTION", "embed.from=words has no vectors for items that came later", {
      hint: "Run llmrec coldllm with embed.from=llm, its default (llmrec bench, which npm start runs, has words).",
    });
  }
  const served = await servedEmbeddings(train, options, context);
  const before = hashArrays([served.users, served.items]);
  const states = await statesOf(train, options, context);
  const spaces = await coupledSpaces(train, states, options, context);
  const search = await userSearch(train, spaces, options, context);
  const tuned = await simulator(train, options, context);
  const model = await context.llm();
  const clock = stopwatch();

  const count = fresh.keys.length;
  const newStates = await withAdapter(model, tuned?.value, "judge", () => embedItems(fresh, model, context));
  const embedSeconds = clock();

  const items = await spaceRows(spaces, states.value.items, newStates, options);
  const numbers = Int32Array.from({ length: count }, (_, n) => n);
  const candidates = await search.find(items, numbers);
  const filterSeconds = clock();
  const searchRecall = search.index === null ? null : ((await search.recall(items, numbers)) ?? null);
  warnOfRecall(searchRecall ?? undefined, context.progress);
  clock();

  const known = train.items.keys.length;
  const all: ColdStartTraining = { ...train, items: joinItems(train.items, fresh) };
  const asked: Pairs = { users: candidates.users, items: candidates.items.map((item) => known + item) };
  const joined = stack(states.value.items, newStates);
  const judged = await withAdapter(model, tuned?.value, "judge", () =>
    askJudge(all, asked, joined, model, options, context),
  );
  const judgeSeconds = clock();

  const wider = withRows(served, count);
  const {
    size,
    users,
    items: after,
  } = await learn(all, wider, acceptedPairs(judged, options.refine.accept), options, context);
  return {
    candidates,
    searchRecall,
    judgements: { ...judged, items: candidates.items },
    embeddings: { size, data: after.slice(known * size) },
    others: { before, after: hashArrays([users, after.subarray(0, known * size)]) },
    seconds: { embed: embedSeconds, filter: filterSeconds, judge: judgeSeconds, update: clock() },
  };
}

/** The embeddings that the run ended with. */
async function servedEmbeddings(
  train: ColdStartTraining,
  options: ColdLlmOptions,
  context: RunContext,
): Promise<Factors> {
  const judged = await refine(train, options, context);
  return updateEmbeddings(train, acceptedPairs(judged, options.refine.accept), options, context);
}

/** The stage `update` for the new items alone, whatever the run did for its own: what trains jointly would move all others. */
function learn(
  { matrix, coldItems, items }: ColdStartTraining,
  served: Factors,
  pairs: Pairs,
  options: ColdLlmOptions,
  context: RunContext,
): Promise<Factors> {
  const columns = items.keys.length;
  const rows = rowOfEachEntry(matrix);
  const wide = csrFromPairs(matrix.rows, columns, rows, matrix.indices);
  const both = csrFromPairs(
    matrix.rows,
    columns,
    [...rows, ...pairs.users],
    [...matrix.indices, ...pairs.items],
  );
  const isNew = new Uint8Array(columns).fill(1, coldItems.length);
  const none = csrFromPairs(matrix.rows, columns, [], []);
  const validation = { warm: none, cold: none };
  const own = { ...options, update: options.update === "mean" ? "mean" : "cold-only" };
  return updateColdItems(
    served,
    { matrix: wide, coldItems: isNew },
    pairs,
    { matrix: both, validation, known: wide },
    own as ColdLlmOptions,
    { ...context, random: Random.fromSeed(context.seed).fork("coldllm add-item") },
  );
}

/** Both tables in one; genres and text fields by their names. */
function joinItems(known: ItemTable, fresh: ItemTable): ItemTable {
  const shift = known.categoryNames.length;
  const fields = new Set([...Object.keys(known.texts), ...Object.keys(fresh.texts)]);
  const column = (table: ItemTable, field: string) =>
    Object.hasOwn(table.texts, field) ? table.texts[field] : table.keys.map(() => "");
  return {
    keys: [...known.keys, ...fresh.keys],
    titles: [...known.titles, ...fresh.titles],
    texts: Object.fromEntries(
      Array.from(fields, (field) => [field, [...column(known, field), ...column(fresh, field)]]),
    ),
    categoryNames: [...known.categoryNames, ...fresh.categoryNames],
    categories: [
      ...known.categories,
      ...fresh.categories.map((list) => list.map((category) => shift + category)),
    ],
    attributes: {},
  };
}

function stack(above: Rows, below: Rows): Rows {
  const data = new Float32Array(above.data.length + below.data.length);
  data.set(above.data);
  data.set(below.data, above.data.length);
  return { size: above.size, data };
}

function withRows({ size, users, items }: Factors, count: number): Factors {
  const wider = new Float32Array(items.length + count * size);
  wider.set(items);
  return { size, users, items: wider };
}

/** Seconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - last) / 1000;
    last = now;
    return seconds;
  };
}
