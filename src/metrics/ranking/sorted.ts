/** The first position from `from` on whose value is at least `value`, or the length, in an ascending list. */
export function firstAtLeast(list: Int32Array, from: number, value: number): number {
  let low = from;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether an ascending list holds a value. */
export function containsSorted(list: Int32Array, value: number): boolean {
  const at = firstAtLeast(list, 0, value);
  return at < list.length && list[at] === value;
}
