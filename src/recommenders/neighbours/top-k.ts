/**
 * Keeps the k largest of a stream of (index, value) pairs; of equal values the smaller index is kept, whatever the order
 * of the stream. A binary heap with the worst kept pair at its root.
 */
export class TopK {
  private readonly indices: Int32Array;
  private readonly values: Float64Array;
  private size = 0;

  constructor(private readonly k: number) {
    this.indices = new Int32Array(k);
    this.values = new Float64Array(k);
  }

  clear(): void {
    this.size = 0;
  }

  push(index: number, value: number): void {
    if (this.size < this.k) {
      this.rise(this.size++, index, value);
    } else if (this.k > 0 && this.isWorse(this.indices[0], this.values[0], index, value)) {
      this.sink(index, value);
    }
  }

  /** The kept indices, ascending. */
  kept(): Int32Array {
    return this.indices.slice(0, this.size).sort();
  }

  private isWorse(index: number, value: number, otherIndex: number, otherValue: number): boolean {
    return value < otherValue || (value === otherValue && index > otherIndex);
  }

  private rise(at: number, index: number, value: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.isWorse(index, value, this.indices[parent], this.values[parent])) break;
      this.put(at, this.indices[parent], this.values[parent]);
      at = parent;
    }
    this.put(at, index, value);
  }

  private sink(index: number, value: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      const right = child + 1;
      if (
        right < this.size &&
        this.isWorse(this.indices[right], this.values[right], this.indices[child], this.values[child])
      ) {
        child = right;
      }
      if (!this.isWorse(this.indices[child], this.values[child], index, value)) break;
      this.put(at, this.indices[child], this.values[child]);
      at = child;
    }
    this.put(at, index, value);
  }

  private put(at: number, index: number, value: number): void {
    this.indices[at] = index;
    this.values[at] = value;
  }
}
