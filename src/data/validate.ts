import type { Dataset } from "./dataset.js";

/** Something that a user should know before trusting numbers made from the data. Not an error: reading succeeded. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly count: number;
}

/** What a data set holds. */
export interface DatasetProfile {
  readonly name: string;
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
  /** interactions / (users x items), with repeated pairs counted once. */
  readonly density: number;
  /** Fewest, middle and most interactions of those users and items that have any. */
  readonly perUser: Spread;
  readonly perItem: Spread;
  /** How often each value occurs, ascending; of more than 20 different values, ten equal intervals. Null without values. */
  readonly values: readonly { from: number; to: number; count: number }[] | null;
  /** First and last time, ISO 8601. Null without times. */
  readonly times: { first: string; last: string } | null;
  readonly dialogues: number;
  readonly titled: number;
  readonly withCategories: number;
  readonly categories: number;
  readonly textFields: readonly string[];
  readonly userAttributes: readonly string[];
  readonly itemAttributes: readonly string[];
  /** What a log of impressions knows; null for all other data. Users or items that it doesn't name are counted as the rows stand for them. */
  readonly impressions: { hasUsers: boolean; hasItems: boolean; columns: readonly string[] } | null;
  readonly publishedSplit: string | null;
  readonly notes: readonly string[];
  readonly history: Dataset["history"];
  readonly problems: readonly Problem[];
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Counts, distributions and doubts about a data set that has been read. */
export function profileDataset(dataset: Dataset): DatasetProfile {
  const { users, items, interactions } = dataset;
  const { impressions } = interactions;
  const perUser = occurrences(interactions.users, users.keys.length);
  const perItem = occurrences(interactions.items, items.keys.length);
  const repeated = countRepeated(interactions.users, interactions.items, items.keys.length);
  const size = interactions.users.length;
  const cells = users.keys.length * items.keys.length;
  const titled = items.titles.filter((title) => title !== "").length;
  const values = interactions.values === null ? null : histogram(interactions.values);
  const times = interactions.times === null ? null : timeRange(interactions.times);

  const problems: Problem[] = [];
  const note = (code: string, count: number, message: string) => {
    if (count > 0) problems.push({ code, count, message });
  };
  note("REPEATED_PAIRS", repeated, "interactions repeat an earlier (user, item) pair");
  note("IDLE_USERS", perUser.filter((n) => n === 0).length, "users have no interaction");
  note("IDLE_ITEMS", perItem.filter((n) => n === 0).length, "items have no interaction");
  if (impressions?.hasUsers !== false) {
    note(
      "SINGLE_USERS",
      perUser.filter((n) => n === 1).length,
      "users have a single interaction: nothing is left to test on",
    );
  }
  if (titled > 0) note("UNTITLED_ITEMS", items.keys.length - titled, "items have no title");
  note(
    "REPEATED_TITLES",
    repeatedTitles(items.titles),
    "items share a title with another: a title does not name them",
  );
  if (values?.length === 1) {
    note(
      "ONE_VALUE",
      size,
      `interactions all have the value ${values[0].from}: they say no more than that it happened`,
    );
  }
  if (times !== null && times.first === times.last)
    note("ONE_TIME", size, "interactions all have the same time: no split by time");

  return {
    name: dataset.name,
    users: users.keys.length,
    items: items.keys.length,
    interactions: size,
    density: cells === 0 ? 0 : (size - repeated) / cells,
    perUser: spread(perUser),
    perItem: spread(perItem),
    values,
    times,
    dialogues: dataset.dialogues?.length ?? 0,
    titled,
    withCategories: items.categories.filter((list) => list.length > 0).length,
    categories: items.categoryNames.length,
    textFields: Object.keys(items.texts),
    userAttributes: Object.keys(users.attributes),
    itemAttributes: Object.keys(items.attributes),
    impressions: impressions
      ? { ...impressions, columns: impressions.columns.map((column) => column.name) }
      : null,
    publishedSplit: dataset.published?.description ?? null,
    notes: dataset.notes,
    history: dataset.history,
    problems,
  };
}

function occurrences(numbers: Int32Array, size: number): Int32Array {
  const counts = new Int32Array(size);
  for (const number of numbers) counts[number]++;
  return counts;
}

function countRepeated(users: Int32Array, items: Int32Array, itemCount: number): number {
  const pairs = Float64Array.from(users, (user, n) => user * itemCount + items[n]).sort();
  let repeated = 0;
  for (let n = 1; n < pairs.length; n++) if (pairs[n] === pairs[n - 1]) repeated++;
  return repeated;
}

function repeatedTitles(titles: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const title of titles) if (title !== "") counts.set(title, (counts.get(title) ?? 0) + 1);
  let repeated = 0;
  for (const count of counts.values()) if (count > 1) repeated += count;
  return repeated;
}

function spread(counts: Int32Array): Spread {
  const sorted = counts.filter((count) => count > 0).sort();
  if (sorted.length === 0) return { min: 0, median: 0, max: 0 };
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { min: sorted[0], median, max: sorted[sorted.length - 1] };
}

const MOST_VALUES = 20;
const INTERVALS = 10;

function histogram(values: Float32Array): { from: number; to: number; count: number }[] {
  const counts = new Map<number, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
    if (counts.size > MOST_VALUES) break;
  }
  if (counts.size <= MOST_VALUES) {
    return [...counts].sort(([a], [b]) => a - b).map(([value, count]) => ({ from: value, to: value, count }));
  }
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const width = (high - low) / INTERVALS;
  const bins = Array.from({ length: INTERVALS }, (_, n) => ({
    from: low + n * width,
    to: low + (n + 1) * width,
    count: 0,
  }));
  for (const value of values) bins[Math.min(INTERVALS - 1, Math.floor((value - low) / width))].count++;
  return bins;
}

function timeRange(times: Float64Array): { first: string; last: string } | null {
  if (times.length === 0) return null;
  let first = Infinity;
  let last = -Infinity;
  for (const time of times) {
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
  return { first: iso(first), last: iso(last) };
}

/** A profile as lines of text. */
export function formatProfile(profile: DatasetProfile): string {
  const number = (value: number) => value.toLocaleString("en-US");
  const spreadText = ({ min, median, max }: Spread) =>
    `${number(min)} to ${number(max)}, median ${number(median)}`;
  const { hasUsers, hasItems } = profile.impressions ?? { hasUsers: true, hasItems: true };
  const items = `${number(profile.items)} (${number(profile.titled)} with a title, ${number(profile.withCategories)} with genres)`;
  const rows: [string, string][] = [
    ["users", hasUsers ? number(profile.users) : "unknown"],
    ["items", hasItems ? items : "unknown"],
    ["interactions", number(profile.interactions)],
  ];
  if (hasUsers && hasItems) rows.push(["density", `${(100 * profile.density).toFixed(4)} %`]);
  if (hasUsers) rows.push(["per user", spreadText(profile.perUser)]);
  if (hasItems) rows.push(["per item", spreadText(profile.perItem)]);
  if (profile.times !== null) rows.push(["time", `${profile.times.first} to ${profile.times.last}`]);
  if (profile.dialogues > 0) rows.push(["dialogues", number(profile.dialogues)]);
  const list = (label: string, names: readonly string[]) => {
    if (names.length > 0) rows.push([label, names.join(", ")]);
  };
  list("item text", profile.textFields);
  list("item attributes", profile.itemAttributes);
  list("user attributes", profile.userAttributes);
  list("columns", profile.impressions?.columns ?? []);
  if (profile.publishedSplit !== null) rows.push(["published split", profile.publishedSplit]);
  const most = Math.max(...(profile.values ?? []).map(({ count }) => count));
  const short = (value: number) => String(Number(value.toPrecision(4)));
  for (const { from, to, count } of profile.values ?? []) {
    const label = from === to ? `value ${short(from)}` : `value ${short(from)} to ${short(to)}`;
    rows.push([
      label,
      `${number(count).padStart(number(most).length)} ${"#".repeat(Math.round((40 * count) / most))}`,
    ]);
  }
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    profile.name,
    ...rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`.trimEnd()),
    ...profile.history.map(
      ({ step, users, items, interactions }) =>
        `  ${step}: ${number(users)} users, ${number(items)} items, ${number(interactions)} interactions`,
    ),
    ...profile.notes.map((text) => `  note: ${text}`),
    ...profile.problems.map(({ count, message }) => `  look: ${number(count)} ${message}`),
    ...(profile.problems.length === 0 ? ["  nothing to object to"] : []),
  ].join("\n");
}
