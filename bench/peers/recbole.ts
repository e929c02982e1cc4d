import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Dataset } from "../../src/data/dataset.js";
import type { Fields } from "../../src/recommenders/ctr/fields.js";

/** A process that answers commands, one JSON object a line each way. */
export interface Peer {
  ask<T>(command: object): Promise<T>;
  /** Ends it, after its last answer. */
  stop(): void;
}

/** Starts a program that says one line when it is ready. */
export async function startPeer(command: string, given: readonly string[], cwd?: string): Promise<Peer> {
  const child = spawn(command, given, { cwd, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const next: IteratorResult<string, unknown> = await lines.next();
    if (next.done === true) throw new Error(`${command} ${given[0]} ended without an answer`);
    return JSON.parse(next.value) as unknown;
  };
  await answer();
  return {
    async ask<T>(asked: object) {
      child.stdin.write(JSON.stringify(asked) + "\n");
      return (await answer()) as T;
    },
    stop: () => void child.stdin.end(),
  };
}

/** RecBole on the files of a folder (recbole_whole.py tells the commands). It logs to where it runs: the folder. */
export function startRecBole(
  python: string,
  folder: string,
  model: string,
  options: Readonly<Record<string, unknown>>,
): Promise<Peer> {
  const script = join(import.meta.dirname, "recbole_whole.py");
  const interpreter = python.includes("/") ? resolve(python) : python;
  return startPeer(interpreter, [script, folder, model, JSON.stringify(options)], folder);
}

/** Names of the columns that RecBole is given beside user and item. */
export interface TheirFields {
  readonly user: readonly string[];
  readonly item: readonly string[];
}

/**
 * Writes a data set as RecBole's atomic files `ours/ours.*`. Its tokens are our numbers of users and items, and the codes of our fields.
 * @param labels - of the interactions, 0 or 1.
 */
export function writeAtomicFiles(
  folder: string,
  { users, items, interactions }: Pick<Dataset, "users" | "items" | "interactions">,
  fields: Fields,
  labels: ArrayLike<number>,
): TheirFields {
  const into = join(folder, "ours");
  mkdirSync(into, { recursive: true });
  const write = (name: string, header: readonly string[], rows: Iterable<readonly unknown[]>) => {
    const lines = [header.join("\t")];
    for (const row of rows) lines.push(row.join("\t"));
    writeFileSync(join(into, name), lines.join("\n") + "\n");
  };
  const side = (which: string) =>
    fields.names.flatMap((name, f) =>
      name.startsWith(`${which} `) ? [{ f, column: name.slice(which.length + 1) }] : [],
    );
  const [userSide, itemSide] = [side("user"), side("item")];
  const codes = (user: number, item: number) => {
    const row = new Int32Array(fields.names.length);
    fields.write({ user, item }, row, 0);
    return row;
  };
  const { times } = interactions;
  write(
    "ours.inter",
    ["user_id:token", "item_id:token", "label:float", "timestamp:float"],
    Array.from(interactions.users, (user, n) => [user, interactions.items[n], labels[n], times?.[n] ?? n]),
  );
  write(
    "ours.user",
    ["user_id:token", ...userSide.map(({ column }) => `${column}:token`)],
    users.keys.map((_, user) => [user, ...userSide.map(({ f }) => codes(user, 0)[f])]),
  );
  write(
    "ours.item",
    ["item_id:token", ...itemSide.map(({ column }) => `${column}:token`), "genres:token_seq"],
    items.keys.map((_, item) => [
      item,
      ...itemSide.map(({ f }) => codes(0, item)[f]),
      items.categories[item].map((genre) => `g${genre}`).join(" "),
    ]),
  );
  return {
    user: userSide.map(({ column }) => column),
    item: [...itemSide.map(({ column }) => column), "genres"],
  };
}
