/**
 * Lines at the bottom of a terminal that are shown until others take their place.
 *
 * The cursor is left where they begin. Whatever a terminal makes of them when its width changes, breaks them or cuts them
 * off, they reach from there to the end of the screen, and can be erased.
 *
 * @module
 */

const erase = '\r\u001b[J'; // a key that was pressed may have been echoed before it
const noWrap = '\u001b[?7l';
const wrap = '\u001b[?7h';

/** Shows lines through a function that writes to the terminal. */
export class Status {
  #shown = '';

  constructor(private readonly write: (text: string) => void) {}

  /** Takes the place of what was shown; an empty text of nothing. */
  show(text: string): void {
    if (text === '' && this.#shown === '') return;
    this.#shown = text;
    this.write(erase + this.drawn());
  }

  /** Writes a line that stays, above what is shown. */
  above(line: string): void {
    this.write(this.#shown === '' ? `${line}\n` : `${erase}${line}\n${this.drawn()}`);
  }

  /** Lines that are too wide all the same, as just after a change of width, are cut off rather than broken. */
  private drawn(): string {
    if (this.#shown === '') return '';
    const lines = this.#shown.split('\n');
    const up = lines.length > 1 ? `\u001b[${lines.length - 1}A` : '';
    return `${noWrap}${lines.join('\r\n')}${wrap}\r${up}`;
  }
}
