/** Recall@20 and NDCG@20 in the settings cold, warm and overall. */
export interface PublishedFigures {
  readonly cold: readonly [recall: number, ndcg: number];
  readonly warm: readonly [recall: number, ndcg: number];
  readonly overall: readonly [recall: number, ndcg: number];
}

/** Which of the paper's backbones; `als` has no row there. */
type PublishedBackbone = "lightgcn" | "ngcf" | "bpr-mf";

/**
 * What the paper reports for CiteULike (arXiv 2402.09176, version 1, tables 1, 2, 4 and 5), by backbone and by our recommender; `backbone`
 * is the backbone without simulated pairs.
 */
export const PUBLISHED: Readonly<Record<PublishedBackbone, Readonly<Record<string, PublishedFigures>>>> = {
  lightgcn: {
    backbone: { cold: [0.0041, 0.0019], warm: [0.2528, 0.1541], overall: [0.0812, 0.0622] },
    coldllm: { cold: [0.3601, 0.2126], warm: [0.3252, 0.2156], overall: [0.2285, 0.1747] },
    "coldllm-filter": { cold: [0.3429, 0.202], warm: [0.3124, 0.2044], overall: [0.2186, 0.1668] },
    "coldllm-random": { cold: [0.2556, 0.1628], warm: [0.2889, 0.1923], overall: [0.1816, 0.1449] },
  },
  ngcf: {
    backbone: { cold: [0.0064, 0.0029], warm: [0.2347, 0.1485], overall: [0.1105, 0.0951] },
    coldllm: { cold: [0.3454, 0.2025], warm: [0.2992, 0.1958], overall: [0.2211, 0.1653] },
  },
  "bpr-mf": {
    backbone: { cold: [0.0056, 0.0031], warm: [0.2838, 0.1933], overall: [0.0776, 0.0647] },
    coldllm: { cold: [0.3335, 0.1944], warm: [0.3058, 0.2061], overall: [0.2213, 0.1599] },
  },
};

/** RealPair (share of simulated pairs that are cold test pairs) and adoption rate, which no backbone changes. */
export const PUBLISHED_PAIRS: Readonly<
  Record<string, { readonly realPair: number; readonly adoption?: number }>
> = {
  coldllm: { realPair: 0.0615, adoption: 0.8596 },
  "coldllm-filter": { realPair: 0.0544 },
  "coldllm-random": { realPair: 0.0009 },
};
