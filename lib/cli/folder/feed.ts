/**
 * The way of entries into a batch, which knows its items by number.
 *
 * @module
 */
import type { TubeletError } from '../../base/errors';
import type { EncodedVideo } from '../../inputs/recognise';
import type { Entry } from './entries';

/** What happens to entries that are not begun. */
export interface Detours {
  /** Whether an earlier run has finished it. */
  finished(name: string): boolean;
  /** For a name that leads to no video, which comes before the item of that number. */
  refused(name: string, error: TubeletError, before: number): void;
}

/** The inputs of a batch. No entry is asked for before there is room for it. */
export class Feed implements AsyncIterable<EncodedVideo> {
  /** How many videos have been begun. */
  begun = 0;
  /** Whether all entries have been begun. */
  complete = false;
  readonly #entries: AsyncIterator<Entry, unknown>;
  readonly #ahead: Entry[] = [];
  readonly #works = new Map<number, string>();

  /** @param stop - Ends the entries when it is aborted. */
  constructor(
    entries: AsyncIterable<Entry>,
    private readonly stop: AbortSignal,
    private readonly detours: Detours,
  ) {
    this.#entries = entries[Symbol.asyncIterator]();
  }

  /** The name that has been in flight for longest. */
  get current(): string | undefined {
    for (const name of this.#works.values()) return name;
    return undefined;
  }

  /** Whether there is no second entry. To be asked before the batch begins. */
  async isAlone(): Promise<boolean> {
    while (this.#ahead.length < 2) {
      const entry = await this.#next();
      if (entry === undefined) return true;
      this.#ahead.push(entry);
    }
    return false;
  }

  /** The name of an item that has left the works. */
  take(index: number): string {
    const name = this.#works.get(index) ?? '';
    this.#works.delete(index);
    return name;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EncodedVideo, void> {
    try {
      for (;;) {
        const entry = this.#ahead.shift() ?? (await this.#next());
        if (entry === undefined) {
          this.complete = !this.stop.aborted;
          return;
        }
        if (entry.error !== undefined) {
          this.detours.refused(entry.name, entry.error, this.begun);
        } else if (!this.detours.finished(entry.name)) {
          this.#works.set(this.begun++, entry.name);
          yield entry.video;
        }
      }
    } finally {
      await this.#entries.return?.();
    }
  }

  async #next(): Promise<Entry | undefined> {
    const result = await this.#entries.next();
    return result.done === true ? undefined : result.value;
  }
}
