/** How popular items were in training. */
export interface Popularity {
  /** By item: different users with a training interaction. */
  readonly users: ArrayLike<number>;
  /** All training users. */
  readonly userCount: number;
}

/**
 * Novelty of a list: the mean self-information of its items, -log2((n_i + 1) / (U + 1)), for n_i of U users (Zhou et
 * al., PNAS 2010, with one added user so that an item that nobody had is finite: log2(U + 1)). NaN for an empty list.
 * @param list - entries below 0 are left out; a repeated item counts at each place.
 */
export function novelty(list: ArrayLike<number>, { users, userCount }: Popularity): number {
  return meanOverList(list, (item) => -Math.log2((users[item] + 1) / (userCount + 1)));
}

/**
 * Average recommendation popularity (ARP; Yin et al., VLDB 2012) of a list as a share: the mean of n_i / U. The same of
 * a user's training items is the popularity of its profile. NaN for an empty list.
 */
export function listPopularity(list: ArrayLike<number>, { users, userCount }: Popularity): number {
  return meanOverList(list, (item) => users[item] / userCount);
}

/**
 * Popularity lift (Abdollahpouri et al., RecSys 2020): mean popularity of the lists / mean popularity of the same users'
 * profiles - 1. Above 0: the recommender pushes what is popular anyway. Cases where either is NaN are left out; NaN
 * where none is left.
 * @param weights - how often each case counts (bootstrap); 1 where left out.
 */
export function popularityLift(
  lists: ArrayLike<number>,
  profiles: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  let listed = 0;
  let profiled = 0;
  for (let i = 0; i < lists.length; i++) {
    if (Number.isNaN(lists[i]) || Number.isNaN(profiles[i])) continue;
    const weight = weights === undefined ? 1 : weights[i];
    listed += weight * lists[i];
    profiled += weight * profiles[i];
  }
  return profiled === 0 ? NaN : listed / profiled - 1;
}

function meanOverList(list: ArrayLike<number>, value: (item: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let place = 0; place < list.length; place++) {
    if (list[place] < 0) continue;
    sum += value(list[place]);
    count++;
  }
  return count === 0 ? NaN : sum / count;
}
