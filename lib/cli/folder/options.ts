/**
 * The options of commands that take videos by the folder.
 *
 * @module
 */
import type { ReadingOptions } from '../../options/reading';
import { UsageError } from '../base/arguments';
import { type Video, videosOf } from '../base/videos';
import { entriesOf } from './entries';
import { type Shard, shardOf } from './shard';
import { commandLine } from './shell';

/** For `parse`. */
export const folderOptions = {
  'files-from': { type: 'string' },
  output: { type: 'string' },
  resume: { type: 'boolean' },
  shard: { type: 'string' },
  quiet: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** Lines about {@link folderOptions}. */
export const folderHelp = `  --files-from F   read names from a file, or - for standard input: one a line,
                   or a NUL after each
  --output NAME    write the results to NAME.jsonl, .csv, .parquet or .npy, as
                   they come, and the failures to NAME.jsonl.errors.jsonl
  --resume         go on with the --output of a run that was interrupted
  --shard I/N      only the I-th of N parts, for as many processes or machines;
                   tubelet merge puts their outputs together
  --quiet          no progress and no summary
  --json           one JSON line a file, as when the output is no terminal; with
                   --output the summary as one`;

interface FolderValues {
  'files-from'?: string | undefined;
  output?: string | undefined;
  resume?: boolean | undefined;
  shard?: string | undefined;
  quiet?: boolean | undefined;
  json?: boolean | undefined;
  url?: string[] | undefined;
}

/** Which videos, and where their results go. */
export interface FolderRequest {
  /** Files, folders, patterns. */
  names: readonly string[];
  addresses: readonly Video[];
  list: string | undefined;
  shard: Shard | undefined;
  output: string | undefined;
  resume: boolean;
  quiet: boolean;
  json: boolean;
}

/**
 * What the arguments ask for.
 *
 * @throws UsageError
 */
export function folderOf(names: readonly string[], values: FolderValues): FolderRequest {
  const { output, resume = false, 'files-from': list } = values;
  if (resume && output === undefined) throw new UsageError('--resume goes on with an --output: name it');
  if (output === '') throw new UsageError('--output takes the name of a file');
  if (list === '') throw new UsageError('--files-from takes the name of a file, or -');
  entriesOf(names, { list }); // says what makes no sense before anything begins; nothing is read yet
  return {
    names,
    addresses: videosOf([], values),
    list,
    shard: shardOf(values.shard),
    output,
    resume,
    quiet: values.quiet === true,
    json: values.json === true,
  };
}

/** What of the library's options changes answers, as JSON values: all but what only ends a call. */
export function answerOptions(options: ReadingOptions): Record<string, unknown> {
  const lasting = { ...options, signal: undefined, timeoutMs: undefined, limits: undefined };
  return JSON.parse(JSON.stringify(lasting)) as Record<string, unknown>;
}

/** What to type to go on with a run, from its own arguments. */
export function resumeLine(command: string, args: readonly string[]): string {
  const program = process.env['npm_command'] === 'exec' ? ['npx', 'tubelet'] : ['tubelet'];
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  if (args.slice(0, end).includes('--resume')) return commandLine([...program, command, ...args]);
  return commandLine([...program, command, ...args.slice(0, end), '--resume', ...args.slice(end)]);
}
