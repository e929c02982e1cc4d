import { z } from "zod";
import { UsageError } from "../../core/errors.js";
import { Random } from "../../core/random.js";
import type { TaskId, TrainingData } from "../../tasks/task.js";
import { conversationNdcg } from "../dialogue/validation.js";
import type { Fitted, Recommender, RecommenderKind, RunContext } from "../recommender.js";
import { validationNdcg } from "../validation.js";
import { blendProbabilities } from "./ctr.js";
import { fuseLists } from "./lists.js";
import { coldStartMembers, conversationMembers, fuse, tunedBlend } from "./scores.js";

/** A recommender that takes part in a hybrid, with its options. */
export interface HybridMember {
  readonly recommender: Recommender<TaskId>;
  readonly options: unknown;
}

/** Makes one recommender of fitted members; `label` is its id. */
type Combine<T extends TaskId> = (
  label: string,
  members: readonly Fitted<T>[],
  train: TrainingData<T>,
  context: RunContext,
) => Promise<Fitted<T>>;

interface Ways<T extends TaskId> {
  readonly fusion?: Combine<T>;
  readonly blend?: Combine<T>;
}

/** How members are combined in each task: ranks where answers are ordered, weighted scores where they have scores. */
const WAYS: { readonly [T in TaskId]: Ways<T> } = {
  "cold-start": {
    fusion: (_label, members, { items }) =>
      Promise.resolve({ answer: fuse(coldStartMembers(members), items.keys.length) }),
    blend: async (label, members, train, context) => {
      const width = train.items.keys.length;
      return {
        answer: await tunedBlend(label, coldStartMembers(members), width, validationNdcg(train), context),
      };
    },
  },
  ctr: { blend: blendProbabilities },
  "controlled-list": {
    fusion: (_label, members, { items }) => Promise.resolve(fuseLists(members, items.keys.length)),
  },
  conversation: {
    fusion: (_label, members, { items }) => {
      const width = items.keys.length;
      return Promise.resolve({ answer: fuse(conversationMembers(members, width), width) });
    },
    blend: async (label, members, train, context) => {
      const width = train.items.keys.length;
      const asked = conversationMembers(members, width);
      return { answer: await tunedBlend(label, asked, width, conversationNdcg(train), context) };
    },
  },
};

const SUMMARIES = {
  fusion: "Reciprocal rank fusion of its members (Cormack, Clarke and Büttcher, SIGIR 2009).",
  blend: "Weighted sum of its members' standardised scores, the weights chosen on validation.",
} as const;

/**
 * The rows that two or three recommenders give together, in every way that the task knows: `A+B-fusion` and `A+B-blend`.
 * They are fitted as they would be alone, with the same options and random numbers. A blend needs answers on the validation
 * cases, so there is none of members that only have recorded ones.
 * @throws UsageError BAD_HYBRID for another number of members, one twice, or one that knows the truth.
 */
export function hybridsOf(task: TaskId, members: readonly HybridMember[]): Recommender<TaskId>[] {
  const ids = members.map(({ recommender }) => recommender.id);
  const bad = (why: string) => new UsageError("BAD_HYBRID", `hybrid ${ids.join("+")}: ${why}`);
  if (members.length < 2 || members.length > 3) throw bad("two or three members are combined");
  if (new Set(ids).size < ids.length) throw bad("a member stands in it twice");
  const knowing = members.find(
    ({ recommender }) => recommender.needsTruth === true || recommender.seesTargets === true,
  );
  if (knowing !== undefined) throw bad(`${knowing.recommender.id} knows the truth`);
  const recorded = members.some(({ recommender }) => recommender.needsRecording !== undefined);
  const ways = (["fusion", "blend"] as const).filter(
    (way) => WAYS[task][way] !== undefined && !(way === "blend" && recorded),
  );
  return ways.map((way) => hybrid(task, way, members));
}

function hybrid(
  task: TaskId,
  way: "fusion" | "blend",
  members: readonly HybridMember[],
): Recommender<TaskId> {
  const ids = members.map(({ recommender }) => recommender.id);
  const options = Object.fromEntries(members.map((one) => [one.recommender.id, one.options]));
  // The task's own types: the members are all of this task, as the registry gave them.
  const combine = WAYS[task][way] as Combine<TaskId>;
  const id = `${ids.join("+")}-${way}`;
  return {
    id,
    task,
    kind: kindOf(members),
    summary: SUMMARIES[way],
    // Members are set where they are rows of their own; the manifest and the stage of the answers hold them all.
    options: z.strictObject({}).transform(() => options),
    seeded: members.some(({ recommender }) => recommender.seeded),
    needsRecording: members.find(({ recommender }) => recommender.needsRecording !== undefined)?.recommender
      .needsRecording,
    needsText: members.some(({ recommender }) => recommender.needsText === true),
    needsPairs: members.some(({ recommender }) => recommender.needsPairs === true),
    members: ids,
    async fit(train, _options, context) {
      const fitted: Fitted<TaskId>[] = [];
      for (const member of members) {
        const { id } = member.recommender;
        const own = { random: Random.fromSeed(context.seed).fork(id), stages: context.stages.for(id) };
        fitted.push(await member.recommender.fit(train, member.options, { ...context, ...own }));
      }
      return combine(id, fitted, train, context);
    },
  };
}

function kindOf(members: readonly HybridMember[]): RecommenderKind {
  const kinds = members.map(({ recommender }) => recommender.kind);
  if (kinds.includes("llm")) return "llm";
  return kinds.includes("classic") ? "classic" : "control";
}
