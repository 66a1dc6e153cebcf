/**
 * The options of commands that take videos by the folder.
 *
 * @module
 */
import type { ReadingOptions } from '../../options/reading';
import type { Resume } from '../../output/reserve';
import { UsageError } from '../base/arguments';
import { type Video, videosOf } from '../base/videos';
import { type Entry, entriesOf } from './entries';
import { type Shard, shardOf } from './shard';
import { commandLine } from './shell';

/** For `parse`, of commands that take videos by the folder one after the other. */
export const listOptions = { 'files-from': { type: 'string' } } as const;

/** Lines about {@link listOptions}. */
export const listHelp = `  --files-from F   read names from a file, or - for standard input: one a line,
                   or a NUL after each`;

/** For `parse`. */
export const folderOptions = {
  ...listOptions,
  output: { type: 'string', short: 'o' },
  resume: { type: 'boolean' },
  'retry-failed': { type: 'boolean' },
  shard: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  json: { type: 'boolean' },
} as const;

/** Lines about {@link folderOptions}. */
export const folderHelp = `${listHelp}
  -o, --output NAME
                   write the results to NAME.jsonl, .csv, .parquet or .npy, as
                   they come, and the failures to NAME.jsonl.errors.jsonl
  --resume         continue the --output of an interrupted run
  --retry-failed   the same, and try the videos that failed once more
  --shard I/N      only the I-th of N parts, for as many processes or machines;
                   tubelet merge puts their outputs together
  -q, --quiet      no progress and no summary
  --json           one JSON line per file, as when the output is not a
                   terminal; with --output the summary as one`;

interface ListValues {
  'files-from'?: string | undefined;
  url?: string[] | undefined;
}

interface FolderValues extends ListValues {
  output?: string | undefined;
  resume?: boolean | undefined;
  'retry-failed'?: boolean | undefined;
  shard?: string | undefined;
  quiet?: boolean | undefined;
  json?: boolean | undefined;
}

/** Which videos, and where their results go. */
export interface FolderRequest {
  /** Files, folders, patterns. */
  names: readonly string[];
  addresses: readonly Video[];
  list: string | undefined;
  shard: Shard | undefined;
  output: string | undefined;
  resume: Resume;
  quiet: boolean;
  json: boolean;
}

/**
 * All videos that a command line without `--output` names.
 *
 * @throws UsageError
 */
export function listOf(names: readonly string[], values: ListValues, signal: AbortSignal): AsyncIterable<Entry> {
  const { 'files-from': list } = values;
  if (list === '') throw new UsageError('--files-from takes the name of a file, or -');
  return entriesOf(names, { list, addresses: videosOf([], values), signal });
}

/**
 * What the arguments ask for.
 *
 * @throws UsageError
 */
export function folderOf(names: readonly string[], values: FolderValues): FolderRequest {
  const { output, 'files-from': list } = values;
  const resume = values['retry-failed'] === true ? 'retry' : values.resume === true;
  if (resume !== false && output === undefined) {
    throw new UsageError(`--${resume === 'retry' ? 'retry-failed' : 'resume'} continues an --output: name it`);
  }
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

/** What to type to resume a run, from its own arguments. What it tried again and failed again is not tried a third time. */
export function resumeLine(command: string, args: readonly string[]): string {
  const program = process.env['npm_command'] === 'exec' ? ['npx', 'tubelet'] : ['tubelet'];
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const options = args.slice(0, end).filter((arg) => arg !== '--retry-failed');
  const resume = options.includes('--resume') ? [] : ['--resume'];
  return commandLine([...program, command, ...options, ...resume, ...args.slice(end)]);
}
