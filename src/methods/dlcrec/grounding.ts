/** How near a written title is to every item: larger is nearer. */
export type TitleSimilarity = (title: string) => Float64Array;

/** How titles become items. */
export interface GroundingOptions {
  /** Items that are no answer, such as those of the history: the nearest other one is taken. */
  readonly excluded?: ReadonlySet<number>;
  /** No item twice in a list: a repeated title becomes the nearest item that is not listed yet. */
  readonly unique?: boolean;
}

/** A list of real items. */
export interface Grounded {
  /** Item numbers; -1 where there was no title. */
  readonly items: Int32Array;
  /** How many titles are an item's, letter for letter. */
  readonly exact: number;
}

/** Turns the titles that a language model wrote into items of the catalogue (the last step of BIGRec and DLCRec). */
export class Grounder {
  private readonly numbers: ReadonlyMap<string, number>;
  /** The nearest item of all to each title met so far. */
  private readonly known = new Map<string, number>();

  /**
   * @param titles - of all items. Where two share a title, it means the last one, as in DLCRec's code.
   * @param similarity - for titles that no item has.
   */
  constructor(
    private readonly titles: readonly string[],
    private readonly similarity: TitleSimilarity,
  ) {
    this.numbers = new Map(titles.map((title, item) => [title, item]));
  }

  /** The item of exactly this title. */
  find(title: string): number | undefined {
    return this.numbers.get(title);
  }

  /** One item for each title: the one of that title, else the nearest; ties to the lower number. */
  ground(titles: readonly (string | null)[], { excluded, unique = false }: GroundingOptions = {}): Grounded {
    const listed = new Set<number>();
    const allowed = (item: number) => excluded?.has(item) !== true && !(unique && listed.has(item));
    let exact = 0;
    const items = Int32Array.from(titles, (title) => {
      if (title === null) return -1;
      const own = this.numbers.get(title);
      if (own !== undefined) exact++;
      const item = own !== undefined && allowed(own) ? own : this.nearest(title, allowed);
      listed.add(item);
      return item;
    });
    return { items, exact };
  }

  private nearest(title: string, allowed: (item: number) => boolean): number {
    const known = this.known.get(title);
    if (known !== undefined && allowed(known)) return known;
    const row = this.similarity(title);
    let best = -1;
    let bestAllowed = -1;
    for (let item = 0; item < this.titles.length; item++) {
      if (best === -1 || row[item] > row[best]) best = item;
      if ((bestAllowed === -1 || row[item] > row[bestAllowed]) && allowed(item)) bestAllowed = item;
    }
    this.known.set(title, best);
    return bestAllowed;
  }
}
