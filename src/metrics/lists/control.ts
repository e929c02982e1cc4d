/**
 * Control error of a list: |number of genres asked for - number of genres delivered|. Its mean over cases is DLCRec's
 * MAE_Cov. `delivered` is `genreSpread(...).genres`; an empty list delivers 0.
 */
export function controlError(asked: number, delivered: number): number {
  return Math.abs(asked - delivered);
}
