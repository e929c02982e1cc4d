import { join } from "node:path";
import { drawHealth } from "../charts/health.js";
import { fixed } from "../numbers.js";
import { readPolicies, riseOf, type TrainedPolicy } from "../policies.js";
import { markup, type Markup } from "./markup.js";

/** The policies that a run has trained by PPO: their chart, and how far each stage's reward rose. Null where there are none. */
export async function trainingSection(dir: string): Promise<Markup | null> {
  const policies = await readPolicies(join(dir, "stages"));
  const picture = await drawHealth(policies);
  if (picture === null) return null;
  const source = `data:image/svg+xml;base64,${Buffer.from(picture.svg).toString("base64")}`;
  const stages = [...new Set(policies.map(({ stage }) => stage))];
  return markup`<h3>Training by PPO</h3>
    <figure class="training">
      <img src="${source}" alt="Reward and KL of every policy, step by step; the caption tells how they moved." />
      <figcaption>
        ${stages.map((stage) =>
          risen(
            stage,
            policies.filter((policy) => policy.stage === stage),
          ),
        )}
      </figcaption>
    </figure>`;
}

function risen(stage: string, policies: readonly TrainedPolicy[]): string {
  const { up, first, last, z, largestKl } = riseOf(policies);
  const moved = `mean reward ${fixed(first, 3)} in the first third of the steps, ${fixed(last, 3)} in the last`;
  const sure = Number.isFinite(z) ? ` (z = ${fixed(z, 1)}, up in ${up} of ${policies.length})` : "";
  return `${stage}: ${moved}${sure}; KL at most ${fixed(largestKl, 1)}. `;
}
