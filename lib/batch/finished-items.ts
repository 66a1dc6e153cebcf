/**
 * Where finished items wait to be taken.
 *
 * @module
 */

/** In which order items are taken: that of their inputs, or that in which they are finished. */
export type Order = 'input' | 'completed';

/** Finished items. Of the order of inputs every index must be put here or left out, once. */
export class FinishedItems<T> {
  private readonly finished = new Map<number, T | undefined>();
  private next = 0;

  constructor(private readonly order: Order) {}

  put(index: number, item: T): void {
    this.finished.set(index, item);
  }

  /** There will be no item of that index: those behind it need not wait. */
  leaveOut(index: number): void {
    if (this.order === 'input') this.finished.set(index, undefined);
  }

  /** The item whose turn it is, if it is finished. */
  take(): T | undefined {
    if (this.order === 'completed') {
      for (const [index, item] of this.finished) {
        this.finished.delete(index);
        return item;
      }
      return undefined;
    }
    while (this.finished.has(this.next)) {
      const item = this.finished.get(this.next);
      this.finished.delete(this.next++);
      if (item !== undefined) return item;
    }
    return undefined;
  }

  clear(): void {
    this.finished.clear();
  }
}
