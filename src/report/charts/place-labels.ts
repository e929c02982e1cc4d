/** A rectangle by its upper left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A label to place beside its point. */
export interface LabelTask {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Radius of a point's mark, which labels keep clear of. */
const MARK = 7;
/** How far from the point a label may stand, near first. */
const DISTANCES = [10, 15, 24, 36, 52, 72, 96];
/** Directions in order of preference: right, left, above, below, then between them. */
const ANGLES = [0, 180, 270, 90, 330, 30, 210, 150, 300, 60, 240, 120].map(
  (degrees) => (degrees * Math.PI) / 180,
);
const ROUNDS = 6;
/** A label that stands farther than this from its point is tied to it by a line. */
export const LEADER_FROM = 18;

/**
 * Places labels beside their points so that they cover neither each other nor a mark, and stay within the area: each label
 * takes the nearest free place, the crowded ones first, and a few rounds let each move again when the others have settled.
 * Where there is no free place the label takes the one that covers least. Deterministic.
 * @param hard - boxes that must stay free as well, such as a line.
 * @param soft - boxes that are better left free, such as whiskers.
 */
export function placeLabels(
  tasks: readonly LabelTask[],
  area: Box,
  hard: readonly Box[] = [],
  soft: readonly Box[] = [],
): Box[] {
  const marks = tasks.map(({ x, y }) => ({ x: x - MARK, y: y - MARK, width: 2 * MARK, height: 2 * MARK }));
  const crowd = tasks.map(
    (task) => tasks.filter((other) => Math.hypot(other.x - task.x, other.y - task.y) < 60).length,
  );
  const order = tasks.map((_task, at) => at).sort((a, b) => crowd[b] - crowd[a] || a - b);
  const placed: (Box | undefined)[] = tasks.map(() => undefined);
  for (let round = 0; round < ROUNDS; round++) {
    for (const at of order) {
      const others = placed.flatMap((box, other) =>
        other === at || box === undefined ? [] : [{ box, other }],
      );
      const boxes = others.map(({ box }) => box);
      const lines = others.flatMap(({ box, other }) => leaderOf(tasks[other], box));
      const keep = [...boxes, ...marks, ...hard];
      const uncrossed = [...boxes, ...marks.filter((_mark, other) => apart(tasks[at], tasks[other]))];
      placed[at] = best(tasks[at], area, { uncrossed, lines, hard: keep, soft });
    }
  }
  return placed as Box[];
}

interface Surroundings {
  /** Labels and marks that the label's own leader line should not cross. */
  readonly uncrossed: readonly Box[];
  /** Points along the other labels' leader lines. */
  readonly lines: readonly Spot[];
  readonly hard: readonly Box[];
  readonly soft: readonly Box[];
}

function best(task: LabelTask, area: Box, { uncrossed, lines, hard, soft }: Surroundings): Box {
  let least = Infinity;
  let chosen: Box = { ...task };
  DISTANCES.forEach((distance, far) => {
    ANGLES.forEach((angle, turn) => {
      const detour = 12 * far + turn;
      if (detour >= least) return;
      const box = boxAt(task, angle, distance);
      const outside = box.width * box.height - overlap(box, area);
      const covered = hard.reduce((sum, other) => sum + overlap(box, other), 0);
      const touched = soft.reduce((sum, other) => sum + overlap(box, other), 0);
      const own = leaderOf(task, box);
      const crossed =
        lines.filter((spot) => holds(box, spot)).length +
        own.filter((spot) => uncrossed.some((other) => holds(other, spot))).length;
      const badness = 50 * outside + 20 * covered + 2 * touched + 40 * crossed + detour;
      if (badness < least) {
        least = badness;
        chosen = box;
      }
    });
  });
  return chosen;
}

/** The label's box when its nearest edge or corner lies at the angle and distance from the point. */
function boxAt({ x, y, width, height }: LabelTask, angle: number, distance: number): Box {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)].map((part) => (Math.abs(part) < 1e-9 ? 0 : part));
  const left = x + dx * distance - (dx > 0 ? 0 : dx < 0 ? width : width / 2);
  const top = y + dy * distance - (dy > 0 ? 0 : dy < 0 ? height : height / 2);
  return { x: left, y: top, width, height };
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

/** The part of a label's box that is nearest to its point. */
export function nearestOf({ x, y }: Spot, box: Box): Spot {
  return {
    x: Math.min(Math.max(x, box.x), box.x + box.width),
    y: Math.min(Math.max(y, box.y), box.y + box.height),
  };
}

/** True where two marks do not cover each other. */
function apart(a: Spot, b: Spot): boolean {
  return Math.hypot(a.x - b.x, a.y - b.y) > 2 * MARK;
}

/** Points three pixels apart on the leader line of a label; none where it stands too near to need one. */
function leaderOf(task: LabelTask, box: Box): Spot[] {
  const near = nearestOf(task, box);
  const length = Math.hypot(near.x - task.x, near.y - task.y);
  if (length < LEADER_FROM) return [];
  const steps = Math.floor(length / 3);
  return Array.from({ length: steps }, (_empty, at) => ({
    x: task.x + ((near.x - task.x) * (at + 0.5)) / steps,
    y: task.y + ((near.y - task.y) * (at + 0.5)) / steps,
  }));
}

function holds(box: Box, { x, y }: Spot): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

/** Area that two boxes share. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}
