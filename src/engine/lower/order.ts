/**
 * One order of axes for several operands, chosen so that as little memory as possible must be moved: the orders in which the operands lie are
 * merged, the largest operand first, and a wish that contradicts an earlier one is dropped. What the wishes leave open follows
 * the logical order.
 * @param orders - for each operand the axes in memory, in their order there; the largest operand first.
 * @param rank - the number of logical axes.
 */
export function mergeOrders(orders: readonly (readonly number[])[], rank: number): number[] {
  const before = Array.from({ length: rank }, () => new Set<number>());
  const precedes = (a: number, b: number): boolean =>
    before[b].has(a) || [...before[b]].some((axis) => precedes(a, axis));
  const present = new Set<number>();
  for (const order of orders) {
    order.forEach((axis, i) => {
      present.add(axis);
      if (i > 0 && !precedes(axis, order[i - 1])) before[axis].add(order[i - 1]);
    });
  }
  const merged: number[] = [];
  while (merged.length < present.size) {
    const next = [...present]
      .sort((a, b) => a - b)
      .find(
        (axis) => !merged.includes(axis) && [...before[axis]].every((earlier) => merged.includes(earlier)),
      );
    if (next === undefined) throw new Error("the orders of axes contradict each other");
    merged.push(next);
  }
  return merged;
}
