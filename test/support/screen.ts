/** One row of the screen. */
interface Row {
  cells: string[];
  /** It was too long and goes on in the next one. */
  continued: boolean;
}

/**
 * What a person sees of a program's output: a small terminal, which knows as much as a progress display needs.
 *
 * Lines that were too long wrap, and are wrapped anew when the width changes, as the usual terminals do. The sequence for
 * another size, `ESC [ 8 ; rows ; columns t`, is what test/reference/terminal.py writes where it resized its terminal.
 */
export class Screen {
  /** All rows ever, the last ones of which are on screen. */
  private buffer: Row[] = [{ cells: [], continued: false }];
  private row = 0;
  private column = 0;
  private unfinished = '';
  private wraps = true;
  /** Whether the cursor is shown. */
  cursor = true;
  /** Whether anything has been written in a colour or another style. */
  styled = false;

  constructor(
    public columns = 80,
    public rows = 24,
  ) {}

  /** The rows on screen, without blanks at their ends and without empty rows at the end. */
  get lines(): string[] {
    return this.textFrom(this.top);
  }

  /** The same with all that was scrolled away. */
  get history(): string[] {
    return this.textFrom(0);
  }

  write(output: string): void {
    const text = this.unfinished + output;
    this.unfinished = '';
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    for (const [found] of text.matchAll(/\x1b(?:\[[\d;?]*[@-~]?)?|[^]/gu)) {
      // eslint-disable-next-line no-control-regex
      const [, parameters, command] = /^\x1b\[([\d;?]*)([@-~])$/.exec(found) ?? [];
      if (command !== undefined) this.obey(command, parameters ?? '');
      else if (found.startsWith('\x1b')) this.unfinished = found;
      else this.put(found);
    }
  }

  /** Changes the size: what was wrapped is wrapped anew. */
  resize(columns: number, rows = this.rows): void {
    this.columns = columns;
    this.rows = rows;
    const old = this.buffer;
    const at = { row: this.row, column: this.column };
    this.buffer = [];
    let whole: string[] = [];
    let cursor: number | undefined;
    for (const [index, { cells, continued }] of old.entries()) {
      if (index === at.row) cursor = whole.length + at.column;
      whole.push(...Array.from(cells, (cell: string | undefined) => cell ?? ' '));
      if (continued) continue;
      const first = this.buffer.length;
      for (let from = 0; from === 0 || from < whole.length; from += columns) {
        this.buffer.push({ cells: whole.slice(from, from + columns), continued: from + columns < whole.length });
      }
      if (cursor !== undefined) {
        this.row = Math.min(first + Math.floor(cursor / columns), this.buffer.length - 1);
        this.column = cursor - (this.row - first) * columns;
        cursor = undefined;
      }
      whole = [];
    }
  }

  private get top(): number {
    return Math.max(0, this.buffer.length - this.rows);
  }

  private textFrom(row: number): string[] {
    const lines = this.buffer.slice(row).map(({ cells }) =>
      Array.from(cells, (cell: string | undefined) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
    return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
  }

  private put(character: string): void {
    if (character === '\r') this.column = 0;
    else if (character === '\n') this.feed(false);
    else if (character === '\b') this.column = Math.max(0, this.column - 1);
    else if (character < ' ' || character === '\x7f') throw new Error(`unknown control ${JSON.stringify(character)}`);
    else {
      // The last column is left only when there is one more character.
      if (this.column >= this.columns) {
        if (this.wraps) this.feed(true);
        else this.column = this.columns - 1;
      }
      this.current.cells[this.column++] = character;
    }
  }

  private get current(): Row {
    return (this.buffer[this.row] ??= { cells: [], continued: false });
  }

  private feed(continued: boolean): void {
    this.current.continued = continued;
    this.row++;
    this.column = 0;
    this.buffer[this.row] ??= { cells: [], continued: false };
  }

  private obey(command: string, parameters: string): void {
    const [first = 0, second = 0, third = 0] = parameters.split(';').map(Number);
    const count = Math.max(1, first);
    if (command === 'm') this.styled = this.styled || first > 0;
    else if (command === 'K') this.eraseLine(first);
    else if (command === 'J') this.eraseScreen(first);
    else if (command === 'A') this.row = Math.max(this.top, this.row - count);
    else if (command === 'B') this.row = Math.min(this.buffer.length - 1, this.row + count);
    else if (command === 'C') this.column = Math.min(this.columns - 1, this.column + count);
    else if (command === 'D') this.column = Math.max(0, this.column - count);
    else if (command === 'G') this.column = Math.min(this.columns, count) - 1;
    else if (command === 't' && first === 8) this.resize(third, second);
    else if (/^\?25$/.test(parameters) && (command === 'h' || command === 'l')) this.cursor = command === 'h';
    else if (parameters === '?7' && (command === 'h' || command === 'l')) this.wraps = command === 'h';
    else throw new Error(`unknown sequence ESC [ ${parameters} ${command}`);
  }

  private eraseLine(part: number): void {
    const { current, column } = this;
    if (part !== 1) current.continued = false;
    if (part === 0) current.cells.length = Math.min(current.cells.length, column);
    else if (part === 1) current.cells.fill(' ', 0, column + 1);
    else current.cells.length = 0;
  }

  private eraseScreen(part: number): void {
    if (part === 1) throw new Error('unknown sequence ESC [ 1 J');
    if (part === 0) this.eraseLine(0);
    for (const row of this.buffer.slice(part === 0 ? this.row + 1 : this.top)) row.cells = [];
  }
}
