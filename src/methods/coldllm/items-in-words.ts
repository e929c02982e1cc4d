import { itemLine, type ItemTable, itemText } from "../../data/dataset.js";

/**
 * How prompts name an item: title, genres and maker; where the data have no title (CiteULike), all text that there is; "" where
 * nothing is known.
 */
export function itemInWords(items: ItemTable, item: number): string {
  return items.titles[item] === "" ? itemText(items, item) : itemLine(items, item);
}

/** Which items have any words [items]: nobody can judge the others. */
export function itemsWithWords(items: ItemTable): Uint8Array {
  return Uint8Array.from(items.keys, (_, item) => (itemInWords(items, item) === "" ? 0 : 1));
}
