import { decodeTwice } from "../decode-twice.js";
import type { Dialogue, Turn } from "../dialogue.js";
import { ItemNumbers } from "./dialogue-tables.js";
import { plainText } from "./plain-text.js";
import { parseContext, parseSaid, type Said } from "./reddit-said.js";
import { RowFault, type RedditConversation, type RedditRow } from "./reddit-rows.js";
import { spellFilms } from "./spelled-films.js";

/** An id of IMDb as a word of its own: seven digits at least, so that "butt1" names nothing. */
const FILM_ID = /(?<![\p{L}\p{N}])(tt\d{7,})/gu;

/** Makes dialogues of the paths through threads, and counts what was not as it should be. */
export class RedditDialogues {
  readonly dialogues: Dialogue[] = [];
  /** One of PART for each. */
  readonly parts: number[] = [];
  readonly items = new ItemNumbers();
  readonly users = new Map<string, number>();
  readonly counts = { repeated: 0, fromContext: 0, lost: 0, shared: 0, unknown: 0 };

  private readonly ids = new Set<string>();
  /** Turns that somebody is asked for already. */
  private readonly asked = new Set<string>();
  /** The parts that each thread has paths in, one bit each. */
  private readonly threads = new Map<string, number>();
  private readonly turns = new Map<string, Turn>();
  private thread = "";

  /** @param titles - of films, by id. */
  constructor(private readonly titles: ReadonlyMap<string, string>) {}

  /** Threads with paths in several parts. */
  get dividedThreads(): number {
    let count = 0;
    for (const parts of this.threads.values()) if ((parts & (parts - 1)) !== 0) count++;
    return count;
  }

  /** @param file - the name of the part's file without its ending. @throws RowFault */
  add(conversation: RedditConversation, part: number, file: string): void {
    const { id, rows } = conversation;
    const thread = id.replace(/_\d+\/\d+$/, "");
    if (thread !== this.thread) this.turns.clear();
    this.thread = thread;
    this.threads.set(thread, (this.threads.get(thread) ?? 0) | (1 << part));

    const before = this.before(conversation);
    const turns = rows.map((row): [number, Turn] => [row.order, this.rowTurn(row)]);
    this.counts.repeated += conversation.repeated;
    this.counts.fromContext += before.length;
    this.counts.lost += Math.max(0, rows[rows.length - 1].order + 1 - rows.length - before.length);
    // A path whose rows lie in two files is a dialogue in each.
    const name = this.ids.has(id) ? `${id} (${file})` : id;
    this.ids.add(name);
    this.dialogues.push({
      id: name,
      user: rows[0].order === 0 ? this.userOf(rows[0].user) : -1,
      time: rows[0].time,
      turns: [...before, ...turns].sort(([a], [b]) => a - b).map(([, turn]) => turn),
    });
    this.parts.push(part);
  }

  /** The turns that are no rows, by their place: the context ends before the last row. They are known, but no examples of the data. */
  private before({ rows, context }: RedditConversation): [number, Turn][] {
    const last = rows[rows.length - 1];
    if (context === null) return [];
    const said = inRow(last, "context_processed", () => parseContext(context));
    const places = new Set(rows.map(({ order }) => order));
    const first = last.order - said.length;
    return said
      .map((one, n): [number, Said] => [first + n, one])
      .filter(([place]) => !places.has(place))
      .map(([place, one]) => [place, this.turnOf(one, false)]);
  }

  private rowTurn(row: RedditRow): Turn {
    const said = inRow(row, "processed", () => parseSaid(row.said, row.isSeeker));
    const isFirst = !this.asked.has(row.turn);
    if (isFirst) this.asked.add(row.turn);
    else this.counts.shared++;
    return this.turnOf(said, isFirst);
  }

  /** Paths of a thread share their first turns: each is one object. */
  private turnOf({ role, text }: Said, isAsked: boolean): Turn {
    const key = `${role} ${isAsked} ${text}`;
    let turn = this.turns.get(key);
    if (turn === undefined) {
      const { text: words, mentions } = spellFilms(plainText(decodeTwice(text)), FILM_ID, (id) =>
        this.film(id),
      );
      if (isAsked) this.counts.unknown += mentions.filter(({ item }) => item < 0).length;
      turn = {
        role,
        text: words,
        mentions: isAsked ? mentions : mentions.map((mention) => ({ ...mention, passing: true })),
      };
      this.turns.set(key, turn);
    }
    return turn;
  }

  private film(id: string): { item: number; title: string } | undefined {
    const title = this.titles.get(id);
    return title === undefined ? undefined : { item: this.items.add(id, title), title };
  }

  private userOf(key: string | null): number {
    if (key === null) return -1;
    if (!this.users.has(key)) this.users.set(key, this.users.size);
    return this.users.get(key)!;
  }
}

function inRow<T>({ row }: RedditRow, column: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new RowFault(row, column, (error as Error).message);
  }
}
