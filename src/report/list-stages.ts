import type { ListStageResult } from "../experiment/list-stages.js";

/** Where the answers of a step lie, a line a file. */
export function renderListStage({ folder, stage, answers }: ListStageResult): string {
  const lines = answers.flatMap(({ recommender, seed, files }) => [
    `${recommender}, seed ${seed}:${files.length === 0 ? ` ${stage} was asked nothing` : ""}`,
    ...files.map((file) => `  ${file}`),
  ]);
  return [`Answers of ${stage} in ${folder.path}`, ...lines].join("\n");
}
