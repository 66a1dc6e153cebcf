/**
 * Where a command's words go, and to whom: a person at a terminal or another program.
 *
 * @module
 */
import { once } from 'node:events';
import type { WriteStream } from 'node:tty';

import { hasTubeletCode, messageOf } from '../../base/errors';
import type { Interrupts } from './interrupts';
import { Status } from './status';
import { printable } from './text';

/** What a command needs to know of its surroundings. */
export interface Session {
  /** Whether a person reads the output: it goes to a terminal. */
  interactive: boolean;
  /** Characters a line. */
  columns: number;
  color: boolean;
  /** The same of standard error. */
  errorColumns: number;
  errorColor: boolean;
  /** Whether bars and ellipses may be more than ASCII. */
  unicode: boolean;
  /** Aborted by Ctrl-C, or when nobody reads the output any more. */
  signal: AbortSignal;
  /** Ctrl-C and its like. */
  interrupts: Pick<Interrupts, 'signal' | 'gently' | 'exitCode'>;
  print(text: string): void;
  /** Settles when what was printed has been taken, but for a little. */
  taken(): Promise<void>;
  /** One line for standard error. */
  complain(text: string): void;
  /** Shows lines on standard error until others take their place, an empty text at last; only on a terminal. */
  status?: ((text: string) => void) | undefined;
}

/** Exit codes; those of interrupts are with {@link Interrupts}. */
export const exit = { success: 0, failure: 1, usage: 2 } as const;

const usualColumns = 80;

/** The surroundings of this process. */
export function processSession(interrupts: Interrupts): Session {
  const { stdout, stderr, env } = process;
  const dumb = env['TERM'] === 'dumb';
  const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  const columnsOf = (stream: WriteStream): number =>
    (stream.isTTY ? stream.columns : Number(env['COLUMNS'])) || usualColumns;
  const status = new Status((text) => stderr.write(text));
  return {
    interactive: stdout.isTTY,
    get columns() {
      return columnsOf(stdout);
    },
    color: stdout.isTTY && !dumb && !noColor,
    get errorColumns() {
      return columnsOf(stderr);
    },
    errorColor: stderr.isTTY && !dumb && !noColor,
    unicode: !dumb,
    signal: interrupts.signal,
    interrupts,
    print: (text) => stdout.write(`${text}\n`),
    taken: async () => {
      if (stdout.writableNeedDrain) await once(stdout, 'drain');
    },
    complain: (text) => {
      status.above(text);
    },
    status:
      stderr.isTTY && !dumb
        ? (text) => {
            status.show(text);
          }
        : undefined,
  };
}

/**
 * Does the work for each video, or whatever else was named, in turn. One that fails is reported as `name: CODE: message`, and the others go on.
 *
 * @returns The exit code.
 */
export async function eachVideo<V extends { name: string }>(
  videos: readonly V[],
  session: Session,
  work: (video: V, isFirst: boolean) => Promise<void>,
): Promise<number> {
  let code: number = exit.success;
  for (const [index, video] of videos.entries()) {
    try {
      await work(video, index === 0);
    } catch (error) {
      if (session.signal.aborted) throw error;
      session.complain(`${printable(video.name)}: ${explain(error)}`);
      code = exit.failure;
    }
  }
  return code;
}

/** An error as `CODE: message`. */
export function explain(error: unknown): string {
  const code = hasTubeletCode(error) ? error.code : 'INTERNAL';
  const message = messageOf(error);
  return `${code}: ${message.split('\n').map(printable).join('\n')}`;
}
