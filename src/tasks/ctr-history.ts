import type { CtrHistory, CtrRows } from "./ctr.js";

/** Labelled pairs by user and time, to look up what came before a moment. */
export class Histories {
  private readonly offsets: Int32Array;
  private readonly items: Int32Array;
  private readonly labels: Float32Array;
  private readonly times: Float64Array;

  /** @param length - of the liked and of the disliked list, at most. */
  constructor(
    userCount: number,
    rows: CtrRows,
    private readonly length: number,
  ) {
    // Rows of one moment stay in the order of the data: the sort is stable.
    const order = Int32Array.from(rows.users.keys()).sort(
      (a, b) => rows.users[a] - rows.users[b] || rows.times[a] - rows.times[b],
    );
    this.offsets = new Int32Array(userCount + 1);
    for (const user of rows.users) this.offsets[user + 1]++;
    for (let user = 0; user < userCount; user++) this.offsets[user + 1] += this.offsets[user];
    this.items = order.map((row) => rows.items[row]);
    this.labels = Float32Array.from(order, (row) => rows.labels[row]);
    this.times = Float64Array.from(order, (row) => rows.times[row]);
  }

  /** What the user had liked and disliked strictly before a moment, newest first. Rows of the same moment are left out. */
  before(user: number, time: number): CtrHistory {
    const [liked, disliked]: [number[], number[]] = [[], []];
    for (let at = this.firstFrom(user, time) - 1; at >= this.offsets[user]; at--) {
      const list = this.labels[at] === 1 ? liked : disliked;
      if (list.length < this.length) list.push(this.items[at]);
      if (liked.length >= this.length && disliked.length >= this.length) break;
    }
    return { liked: Int32Array.from(liked), disliked: Int32Array.from(disliked) };
  }

  /** The user's first row that is not before the moment. */
  private firstFrom(user: number, time: number): number {
    let low = this.offsets[user];
    let high = this.offsets[user + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
