import type { Dataset } from "../dataset.js";
import type { Source } from "../source.js";

/** A reader of one format. */
export interface Reader {
  /** Its name in descriptors and on the command line. */
  readonly id: string;
  readonly title: string;
  /** The files that the format consists of, in words for messages: `u.data, u.item, u.user`. */
  readonly files: string;
  /** Whether its files are there. */
  matches(source: Source): boolean;
  /** Reads them. @param name - the data set's name. */
  read(source: Source, name: string): Promise<Dataset>;
}
