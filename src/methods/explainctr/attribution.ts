import { Random } from "../../core/random.js";
import { itemLine } from "../../data/dataset.js";
import type { CtrNetwork } from "../../recommenders/ctr/train.js";
import type { CtrTraining } from "../../tasks/ctr.js";
import { fitBackbone } from "./augmented.js";
import type { AugmentedOptions } from "./options.js";
import type { Writer } from "./writers.js";

/** Users and items that a pair is compared with. */
const PEERS = 32;

/** How a pair's logit comes about: the mean over peers, what item and user add to it, and what only the two together do. */
export interface Attribution {
  readonly item: number;
  readonly user: number;
  readonly both: number;
  readonly probability: number;
}

/** The click-through model's own reasons put in words: an explanation after the fact, which no language model writes. */
export const attributed: Writer<AugmentedOptions> = async (train, options, context) => {
  const network = await fitBackbone(train, options, context);
  return async (cases) =>
    (await attributions(train, network, cases)).map((reasons, n) =>
      inWords(itemLine(train.items, cases[n].item), reasons),
    );
};

type Pair = Parameters<CtrNetwork["predict"]>[0][number];

/** Attributions of pairs against fixed peers: users and items drawn from the training pairs. */
async function attributions(
  train: CtrTraining,
  network: CtrNetwork,
  cases: readonly Pair[],
): Promise<Attribution[]> {
  const { rows } = train;
  const drawn = Random.fromSeed("explainctr/peers").sample(
    rows.users.length,
    Math.min(PEERS, rows.users.length),
  );
  const peers = Array.from(drawn, (row): Pair => {
    const user = rows.users[row];
    return { user, item: rows.items[row], ...train.historyBefore(user, Infinity) };
  });
  const ofUser = new Map(cases.map((one) => [one.user, one]));
  const meansBy = async (keys: readonly number[], pairOf: (key: number, peer: Pair) => Pair) => {
    const p = await network.predict(keys.flatMap((key) => peers.map((peer) => pairOf(key, peer))));
    return new Map(
      keys.map((key, n) => [key, meanLogit(p.subarray(n * peers.length, (n + 1) * peers.length))]),
    );
  };
  const items = await meansBy([...new Set(cases.map(({ item }) => item))], (item, peer) => ({
    ...peer,
    item,
  }));
  const users = await meansBy([...ofUser.keys()], (user, { item }) => ({
    ...(ofUser.get(user) ?? cases[0]),
    item,
  }));
  const middle = meanLogit(
    await network.predict(peers.flatMap((a) => peers.map(({ item }) => ({ ...a, item })))),
  );
  const own = await network.predict(cases);
  return cases.map(({ user, item }, n) => {
    const [ofItem, ofOwner] = [(items.get(item) ?? middle) - middle, (users.get(user) ?? middle) - middle];
    return {
      item: ofItem,
      user: ofOwner,
      both: logit(own[n]) - middle - ofItem - ofOwner,
      probability: own[n],
    };
  });
}

/** The largest part first. */
export function inWords(target: string, { item, user, both, probability }: Attribution): string {
  const parts = [
    { size: item, words: `${target} is liked ${item >= 0 ? "more" : "less"} than most` },
    { size: user, words: `the user likes ${user >= 0 ? "more" : "fewer"} items than most` },
    {
      size: both,
      words: `the user and the item suit each other ${both >= 0 ? "better" : "worse"} than that`,
    },
  ].sort((a, b) => Math.abs(b.size) - Math.abs(a.size));
  const verdict = probability >= 0.5 ? "will like it" : "will not like it";
  return `The user ${verdict}: ${parts.map(({ words }) => words).join(", ")}.`;
}

function meanLogit(p: Float32Array): number {
  return p.reduce((sum, value) => sum + logit(value), 0) / p.length;
}

function logit(p: number): number {
  const kept = Math.min(1 - 1e-7, Math.max(1e-7, p));
  return Math.log(kept / (1 - kept));
}
