import type { ItemTable } from "../data/dataset.js";

/** So many titles of a long history are shown. */
const SHOWN = 12;

/** An item's title, or its id where it has none. */
export function titleOf({ titles, keys }: ItemTable, item: number): string {
  return titles[item] || keys[item];
}

/** The titles of a list, its end where it is long: "Heat; Ronin", "(31 more); Heat; Ronin". */
export function titlesOf(items: ItemTable, list: ArrayLike<number>): string {
  const titles = Array.from(list, (item) => titleOf(items, item));
  const left = titles.length - SHOWN;
  return (left > 0 ? [`(${left} more)`, ...titles.slice(left)] : titles).join("; ");
}
