/** What one machine was seen to need. */
export interface MeasuredRates {
  /** Of one text. */
  readonly secondsToEmbed: number;
  /** Of finding one item's candidates among `users`: grows with their number. */
  readonly secondsToFilter: number;
  readonly users: number;
  readonly secondsToJudge: number;
  /** Of learning one item's embedding. */
  readonly secondsToUpdate: number;
}

/** What a platform wants. */
export interface Demand {
  readonly users: number;
  readonly itemsPerDay: number;
  /** K: users judged for each item. */
  readonly candidates: number;
}

/** What it takes, in machines like the one that was measured. */
export interface Capacity {
  readonly judgementsPerDay: number;
  readonly secondsPerItem: number;
  readonly machines: number;
  /** Where the judge is asked about every user of every item instead. */
  readonly withoutFilter: { readonly judgementsPerDay: number; readonly machines: number };
  /** How many judgements the filter saves for each one that is made. */
  readonly savedBy: number;
}

const DAY = 24 * 60 * 60;

/** Machines for a stream of new items: seconds of work a day by the seconds of a day, rounded up. */
export function capacity(rates: MeasuredRates, { users, itemsPerDay, candidates }: Demand): Capacity {
  const asked = Math.min(candidates, users);
  const filter = (rates.secondsToFilter * users) / rates.users;
  const secondsPerItem = rates.secondsToEmbed + filter + asked * rates.secondsToJudge + rates.secondsToUpdate;
  const machinesFor = (seconds: number) => Math.max(1, Math.ceil((itemsPerDay * seconds) / DAY));
  return {
    judgementsPerDay: itemsPerDay * asked,
    secondsPerItem,
    machines: machinesFor(secondsPerItem),
    withoutFilter: {
      judgementsPerDay: itemsPerDay * users,
      machines: machinesFor(users * rates.secondsToJudge + rates.secondsToUpdate),
    },
    savedBy: users / asked,
  };
}
