import type { z } from "zod";
import type { Random } from "../../core/random.js";
import type { ControlledListTraining } from "../../tasks/controlled-list.js";
import type { Recommender } from "../recommender.js";
import type { SequenceModel } from "./model.js";
import type { NetworkOptions } from "./network.js";
import { caserOptions, fpmcOptions, gru4RecOptions, type SasRecOptions, sasRecOptions } from "./options.js";
import type { NextItemModel, TrainingOptions } from "./train.js";

type MakeModel<O> = (train: ControlledListTraining, options: O, random: Random) => NextItemModel;

/** A model of the next item as a recommender. The engine is loaded when it is fitted, not before. */
function nextItem<O extends TrainingOptions>(
  id: string,
  summary: string,
  options: z.ZodType<O>,
  load: () => Promise<MakeModel<O>>,
): Recommender<"controlled-list", O> {
  return {
    id,
    task: "controlled-list",
    kind: "classic",
    summary,
    options,
    seeded: true,
    async fit(train, given, context) {
      const { fitNextItem } = await import("./train.js");
      const make = await load();
      return fitNextItem(id, make(train, given, context.random.fork("init")), train, given, context);
    },
  };
}

/** The models that encode a history with a network. */
async function network<O extends NetworkOptions>(loading: Promise<SequenceModel<O>>): Promise<MakeModel<O>> {
  const [model, { networkModel }] = await Promise.all([loading, import("./network.js")]);
  return (train, options, random) => networkModel(model, train, options, random);
}

/** Factorised personalised Markov chain. */
export const fpmc = nextItem(
  "fpmc",
  "FPMC: matrix factorisation and a factorised Markov chain from the last item (Rendle et al., WWW 2010).",
  fpmcOptions,
  async () => (await import("./fpmc.js")).fpmcModel,
);

/** GRU4Rec. */
export const gru4rec = nextItem(
  "gru4rec",
  "GRU4Rec: a gated recurrent unit over the history (Hidasi et al., ICLR 2016).",
  gru4RecOptions,
  () => network(import("./models/gru4rec.js").then((file) => file.gru4rec)),
);

/** Caser. */
export const caser = nextItem(
  "caser",
  "Caser: convolutions over the last items, and the user (Tang and Wang, WSDM 2018).",
  caserOptions,
  () => network(import("./models/caser.js").then((file) => file.caser)),
);

/** SASRec. */
export const sasrec = nextItem(
  "sasrec",
  "SASRec: causal self-attention over the history (Kang and McAuley, ICDM 2018).",
  sasRecOptions,
  () => network<SasRecOptions>(import("./models/sasrec.js").then((file) => file.sasrec)),
);
