import type { ListedPlace, ListResult } from "../experiment/dlcrec-list.js";
import { type TextOptions, toText } from "./text.js";
import { type Cell, MISSING } from "./view.js";

/** A single list for a terminal: what was planned, what was written, and which film it is. */
export function renderList(
  { asked, genres, places, delivered, unreadable }: ListResult,
  options: TextOptions,
): string {
  const plan = `Genres: ${genres.join(", ")}`;
  if (places.length === 0) return `${plan}\n`;
  const cell = (text: string | null): Cell => ({ text: text ?? MISSING });
  const columns: readonly (readonly [string, (place: ListedPlace) => string | null])[] = [
    ["Genre", ({ genre }) => genre],
    ["Written", ({ title }) => title],
    ["Film", ({ item }) => item],
    ["Its genre", ({ itemGenre }) => itemGenre],
  ];
  const shown = delivered === null ? columns.slice(0, 1) : columns;
  return toText(
    {
      title: plan,
      label: "dlcrec-list",
      keys: 1,
      columns: [
        { name: "Place", group: "", title: "Place", align: "right" },
        ...shown.map(([name]) => ({ name, group: "", title: name, align: "left" as const })),
      ],
      sections: [
        places.map((place, n) => [cell(String(n + 1)), ...shown.map(([, read]) => cell(read(place)))]),
      ],
      legend: "",
      notes: [
        ...(delivered === null ? [] : [`${asked} genres were asked for, the films have ${delivered}.`]),
        ...(unreadable === 0 ? [] : [`${unreadable} parts of the model's answers could not be read.`]),
      ],
    },
    options,
  );
}
