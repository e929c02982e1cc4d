import { afterEach, describe, expect, it } from "vitest";
import { InterruptedError } from "../../src/core/errors.js";
import { type Progress, silentProgress } from "../../src/core/progress.js";
import { Random } from "../../src/core/random.js";
import { makeSplit } from "../../src/data/splits/strategies.js";
import { chooseDevice } from "../../src/engine/run/providers.js";
import type { RunContext } from "../../src/recommenders/recommender.js";
import { resolveOptions, selectRecommenders } from "../../src/recommenders/registry.js";
import type { ScoringFitted } from "../../src/recommenders/sequential/scorer.js";
import { ctrOptions, ctrProtocol } from "../../src/tasks/ctr-protocol.js";
import { datasetOf } from "../data/fixtures.js";
import { sequenceTraining } from "./sequential/support.js";
import { contextOf, randomMatrix, scoresOf, trainingOf } from "./support.js";

// Large enough for several threads to share the work.
const random = Random.fromSeed("repeatability");
const ITEMS = 60;
const sequences = sequenceTraining(
  Array.from({ length: 120 }, () => Array.from({ length: 12 }, () => random.int(ITEMS))),
  { items: ITEMS, historyLength: 10, validation: true },
);
const rows = Array.from({ length: 120 }, (_, user) =>
  Array.from(random.sample(40, 20), (item) => [user, item, user + item]),
);
const data = datasetOf(rows.flat());
const liked = {
  ...data,
  interactions: {
    ...data.interactions,
    values: Float32Array.from(data.interactions.users, () => random.int(5) + 1),
  },
};
const ctr = ctrProtocol(liked, makeSplit(liked, "ratio", { test: 0.2 }), ctrOptions.parse({ history: 8 }));
const pairs = trainingOf(randomMatrix(3, 80, 60, 0.1));

type Fit = (context: RunContext) => Promise<ArrayLike<number>>;

const inSequence =
  (id: string, given: Record<string, unknown>): Fit =>
  async (context) => {
    const [recommender] = selectRecommenders("controlled-list", [id]);
    const options = resolveOptions(recommender, { batchSize: 512, epochs: 3, ...given });
    const fitted = (await recommender.fit(sequences, options, context)) as ScoringFitted;
    return fitted.score([{ user: 3, history: Int32Array.of(1, 2, 3) }], context.signal);
  };

const clicked =
  (id: string, given: Record<string, unknown> = {}): Fit =>
  async (context) => {
    const [recommender] = selectRecommenders("ctr", [id]);
    const options = resolveOptions(recommender, { batchSize: 512, epochs: 3, ...given });
    const fitted = await recommender.fit(ctr.training, options, context);
    return fitted.answer([ctr.caseOf(0), ctr.caseOf(1)], context);
  };

const NETWORKS: [string, Fit][] = [
  ["gru4rec", inSequence("gru4rec", {})],
  ["caser", inSequence("caser", {})],
  ["sasrec", inSequence("sasrec", {})],
  ["deepfm", clicked("deepfm", { dropout: 0.2 })],
  ["autoint", clicked("autoint")],
  ["xdeepfm", clicked("xdeepfm")],
  [
    "ngcf",
    async (context) => {
      const [recommender] = selectRecommenders("cold-start", ["ngcf"]);
      return (await scoresOf(recommender, pairs, { epochs: 3 }, context)).flat();
    },
  ],
];

/** What a run of training is told of at the end of each epoch. */
function watched(atEnd: () => void): Progress {
  const silent = silentProgress();
  return { ...silent, start: (...given) => ({ ...silent.start(...given), end: atEnd }) };
}

describe.each(NETWORKS)("%s", (id, fit) => {
  afterEach(() => chooseDevice({}));

  it("has the same bits on 1 and 3 threads, and when it is stopped and run again", async () => {
    await chooseDevice({ threads: 1 });
    const one = await fit(contextOf(id));
    await chooseDevice({ threads: 3 });
    expect(await fit(contextOf(id))).toEqual(one);

    await chooseDevice({});
    const stop = new AbortController();
    const context = contextOf(id);
    let epochs = 0;
    const progress = watched(() => {
      if (++epochs === 2) stop.abort();
    });
    await expect(fit({ ...context, signal: stop.signal, progress })).rejects.toBeInstanceOf(InterruptedError);
    let again = 0;
    expect(await fit({ ...context, progress: watched(() => again++) })).toEqual(one);
    // It went on from the end of the second epoch of three.
    expect(again).toBeLessThan(3);
  }, 120_000);
});
