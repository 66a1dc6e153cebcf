/**
 * Ctrl-C and its like: the first ends the work gently, the second at once, the third in the usual way.
 *
 * @module
 */

/** The signals that ask a program to end, and its exit code then: 128 and the signal's number. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** One of them. */
export type Interrupt = keyof typeof exitCodes;

const interrupts = Object.keys(exitCodes) as Interrupt[];

/** A program that was started by npm hears of one Ctrl-C twice: from the terminal and from npm. */
const onePress = 200;

/** What has been asked for so far. */
export class Interrupts {
  readonly #now = new AbortController();
  #gently: AbortController | undefined;
  #first: Interrupt | undefined;
  #last: { name: Interrupt; at: number } | undefined;

  /** Aborted when all has to end at once. */
  get signal(): AbortSignal {
    return this.#now.signal;
  }

  /** What the program ends with when it was interrupted, as a shell has it. */
  get exitCode(): number {
    return exitCodes[this.#first ?? 'SIGINT'];
  }

  /**
   * Does work that can end gently: while it runs the first interrupt only aborts its own signal. Before and after, and
   * from the second one on, {@link signal} is aborted.
   */
  async gently<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#gently = controller;
    try {
      return await work(controller.signal);
    } finally {
      this.#gently = undefined;
    }
  }

  /**
   * Takes note of an interrupt.
   *
   * @param at - In milliseconds, as `performance.now()` has it.
   * @returns Whether it is left to others: everything has been asked to end already.
   */
  interrupt(name: Interrupt, at = performance.now()): boolean {
    if (this.#last?.name === name && at - this.#last.at < onePress) return false;
    this.#last = { name, at };
    this.#first ??= name;
    if (this.signal.aborted) return true;
    if (this.#gently === undefined || this.#gently.signal.aborted) this.#now.abort();
    else this.#gently.abort();
    return false;
  }

  /** Listens to this process's signals. */
  listen(): void {
    for (const name of interrupts) process.on(name, this.#hear);
    // Node's own way out aborts the process when its terminal has gone.
    process.on('exit', () => {
      if (this.#first === 'SIGHUP') this.#end('SIGHUP');
    });
  }

  readonly #hear = (name: Interrupt): void => {
    if (this.interrupt(name)) this.#end(name);
  };

  /** Ends the process as a signal without listeners does. */
  #end(name: Interrupt): void {
    for (const each of interrupts) process.off(each, this.#hear);
    process.kill(process.pid, name);
  }
}
