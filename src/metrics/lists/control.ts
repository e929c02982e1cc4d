/**
 * Control error of a list: |number of genres asked for - number of genres delivered|. Its mean over cases is DLCRec's
 * MAE_Cov. `delivered` is `genreSpread(...).genres`; an empty list delivers 0.
 */
export function controlError(asked: number, delivered: number): number {
  return Math.abs(asked - delivered);
}

/** Control error of an exact set of genres: those that are missing and those that should not be there. */
export function setError(asked: ReadonlySet<number>, delivered: ReadonlySet<number>): number {
  const missing = [...asked].filter((genre) => !delivered.has(genre)).length;
  return missing + [...delivered].filter((genre) => !asked.has(genre)).length;
}

/**
 * How far the places of a list are from the genres that were named for it: |genres named - different genres of the places|. An answer that
 * could not be read was not obeyed, and nothing can have obeyed it: where no genre was named, or no place has one, the error is the
 * number of genres that the places were to be filled from.
 * @param named - genres as read; none where the answer could not be read.
 * @param slots - the genre of each place as read; -1 where it could not be read.
 * @param told - genres that the places were to be filled from: the named ones, or those that stood in for them.
 */
export function slotError(named: readonly number[], slots: readonly number[], told: number): number {
  const placed = new Set(slots.filter((genre) => genre >= 0)).size;
  return named.length === 0 || placed === 0 ? told : controlError(new Set(named).size, placed);
}
