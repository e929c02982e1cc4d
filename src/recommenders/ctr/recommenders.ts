import type { z } from "zod";
import type { CtrTraining } from "../../tasks/ctr.js";
import type { Recommender, RunContext } from "../recommender.js";
import type { CtrModel } from "./model.js";
import {
  autoIntOptions,
  dcnOptions,
  deepOptions,
  dinOptions,
  fmOptions,
  lrOptions,
  type TrainingOptions,
  xDeepFmOptions,
} from "./options.js";
import type { CtrNetwork, CtrTexts } from "./train.js";

/** A click-through model that others can build on. */
export interface CtrBackbone<O = unknown> extends Recommender<"ctr", O> {
  /** Trained with vectors of texts about the pairs as one more field, or without. */
  network(train: CtrTraining, options: O, context: RunContext, texts?: CtrTexts): Promise<CtrNetwork>;
}

/** A click-through model as a recommender. The engine is loaded when it is fitted, not before. */
function network<O extends TrainingOptions>(
  id: string,
  summary: string,
  options: z.ZodType<O>,
  load: () => Promise<CtrModel<O>>,
): CtrBackbone<O> {
  const trained: CtrBackbone<O>["network"] = async (train, given, context, texts) => {
    const { fitNetwork } = await import("./train.js");
    return fitNetwork(id, await load(), train, given, context, texts);
  };
  return {
    id,
    task: "ctr",
    kind: "classic",
    summary,
    options,
    seeded: true,
    async fit(train, given, context) {
      const { predict } = await trained(train, given, context);
      return { answer: (cases) => predict(cases) };
    },
    network: trained,
  };
}

/** Logistic regression. */
const lr = network(
  "lr",
  "Logistic regression on user, item and attributes (Richardson et al., WWW 2007).",
  lrOptions,
  async () => (await import("./models/lr.js")).lr,
);

/** Factorisation machine. */
const fm = network(
  "fm",
  "Factorisation machine (Rendle, ICDM 2010).",
  fmOptions,
  async () => (await import("./models/fm.js")).fm,
);

/** DeepFM. */
const deepfm = network(
  "deepfm",
  "DeepFM: a factorisation machine and an MLP on the same embeddings (Guo et al., IJCAI 2017).",
  deepOptions,
  async () => (await import("./models/deepfm.js")).deepfm,
);

/** DCN V2. */
const dcnv2 = network(
  "dcnv2",
  "DCN V2: cross layers with whole matrices beside an MLP (Wang et al., WWW 2021).",
  dcnOptions,
  async () => (await import("./models/dcnv2.js")).dcnv2,
);

/** AutoInt+. */
const autoint = network(
  "autoint",
  "AutoInt+: self-attention among the fields, and an MLP (Song et al., CIKM 2019).",
  autoIntOptions,
  async () => (await import("./models/autoint.js")).autoint,
);

/** xDeepFM. */
const xdeepfm = network(
  "xdeepfm",
  "xDeepFM: compressed interaction network and an MLP (Lian et al., KDD 2018).",
  xDeepFmOptions,
  async () => (await import("./models/xdeepfm.js")).xdeepfm,
);

/** DIN. */
const din = {
  ...network(
    "din",
    "Deep interest network: the history weighed against the target (Zhou et al., KDD 2018).",
    dinOptions,
    async () => (await import("./models/din.js")).din,
  ),
  needsPairs: true,
};

/** All click-through networks, by name. */
export const CTR_NETWORKS: Readonly<
  Record<"lr" | "fm" | "deepfm" | "dcnv2" | "autoint" | "xdeepfm" | "din", CtrBackbone>
> = { lr, fm, deepfm, dcnv2, autoint, xdeepfm, din };
