/**
 * Which videos a command is about, and how they are read: the options that several commands share.
 *
 * @module
 */
import type { LoadOptions } from '../../api/load';
import type { EncodedVideo } from '../../inputs/recognise';
import type { ClipOptions, Limits, ModelClipOptions, ReadingOptions } from '../../options/reading';
import { type FrameList, type ModelSampling, samplingModes } from '../../sampling/sampling';
import { UsageError, amount, listOf, oneOf, secondsFrom, wholeNumber } from './arguments';
import type { Session } from './session';
import { windowsFrom } from './windows';

/** One video of a command line. */
export interface Video {
  /** As the user wrote it. */
  name: string;
  video: EncodedVideo;
}

/** The option for videos that are not files. */
export const addressOptions = { url: { type: 'string', multiple: true } } as const;

/** Lines about {@link addressOptions}. */
export const addressHelp = `  --url URL        a video on a web server; may be given several times`;

/** Options of commands that read videos. */
export const readingOptions = {
  ...addressOptions,
  stream: { type: 'string' },
  tolerate: { type: 'boolean' },
  limit: { type: 'string', multiple: true },
  timeout: { type: 'string' },
} as const;

/** Options of commands that read clips. */
export const clipOptions = {
  ...readingOptions,
  sampling: { type: 'string' },
  timestamps: { type: 'string' },
  indices: { type: 'string' },
  start: { type: 'string' },
  end: { type: 'string' },
  bt709: { type: 'boolean' },
  recipe: { type: 'string' },
} as const;

/** Options of commands that show clips to one model. */
export const modelClipOptions = {
  ...clipOptions,
  windows: { type: 'string' },
  resize: { type: 'string' },
  range: { type: 'string' },
} as const;

const sourceHelp = `  FILE             a path, or - for standard input
${addressHelp}
  --stream N       the stream to read, by its number in tubelet probe`;

const damageHelp = `  --tolerate       take what can be read of a damaged video
  --limit NAME=N   the most that a video may have: bytes, pixels (a frame),
                   frames or streams, such as bytes=1G; may be given several
                   times
  --timeout S      seconds that a video may take; default 600`;

/** Lines about {@link readingOptions}. */
export const readingHelp = `${sourceHelp}
${damageHelp}`;

const recipeHelp = `  --recipe tutorial
                   instead: the first frames, each stretched to 480 x 480 with
                   OpenCV's bilinear filter`;

/** Lines about --sampling and --recipe, for commands that show videos to models. */
export const modelSamplingHelp = `  --sampling MODE  which frames: trained (default), spread, consecutive, or
                   paper: the published test, many views averaged
${recipeHelp}`;

const frameHelp = `  --timestamps S,S,...
                   instead: the frames on screen at these seconds
  --indices N,N,...
                   instead: the frames with these numbers, from 0
  --start S        sample from this second on: 90, 1:30 or 0:01:30
  --end S          sample up to this second
  --bt709          take colours that are not tagged as BT.709, not BT.601`;

/** Lines about {@link clipOptions}. */
export const clipHelp = `${sourceHelp}
  --sampling MODE  which frames: trained (default), spread or consecutive
${recipeHelp}
${frameHelp}
${damageHelp}`;

/** Lines about {@link modelClipOptions}. */
export const modelClipHelp = `${sourceHelp}
${modelSamplingHelp}
${frameHelp}
  --windows L[/S]  a result for each L seconds, every S seconds; default S is L
  --resize HOW     antialias (default) or plain, as the papers' own code
  --range WHICH    ViViT: processor (default) or paper, from -1 to 1
${damageHelp}`;

interface ReadingValues {
  url?: string[] | undefined;
  stream?: string | undefined;
  tolerate?: boolean | undefined;
  limit?: string[] | undefined;
  timeout?: string | undefined;
}

interface ClipValues extends ReadingValues {
  sampling?: string | undefined;
  timestamps?: string | undefined;
  indices?: string | undefined;
  start?: string | undefined;
  end?: string | undefined;
  bt709?: boolean | undefined;
  recipe?: string | undefined;
}

interface ModelClipValues extends ClipValues {
  windows?: string | undefined;
  resize?: string | undefined;
  range?: string | undefined;
}

/** The videos that files and addresses name, files first. */
export function videosOf(files: readonly string[], { url = [] }: ReadingValues): Video[] {
  if (files.filter((file) => file === '-').length > 1) throw new UsageError('standard input can be read once only');
  return [
    ...files.map((name) => ({ name, video: name === '-' ? process.stdin : name })),
    ...url.map((name) => ({ name, video: addressOf(name) })),
  ];
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(`--url takes an address with http: or https:, not '${text}'`);
  }
  return url;
}

/** The library's options for {@link readingOptions}. */
export function readingOf(values: ReadingValues, session: Session): ReadingOptions {
  const timeout = secondsFrom('timeout', values.timeout);
  if (timeout === 0) throw new UsageError('--timeout takes a number of seconds above 0');
  return {
    stream: wholeNumber('stream', values.stream, 1_000_000, 0),
    onCorrupt: values.tolerate === true ? 'tolerate' : undefined,
    limits: limitsOf(values.limit ?? []),
    timeoutMs: timeout === undefined ? undefined : Math.ceil(timeout * 1000),
    signal: session.signal,
  };
}

/** The library's options for {@link clipOptions}. */
export function clipOf(values: ClipValues, session: Session): ClipOptions {
  return { ...partOf(values, session), sampling: samplingOf(values, samplingModes) };
}

/** The library's options for {@link modelClipOptions}, but for those of {@link adjustmentsOf}. */
export function modelClipOf(values: ModelClipValues, session: Session): ModelClipOptions {
  const windows = windowsFrom(values.windows);
  const { sampling, timestamps, indices } = values;
  if (windows !== undefined && (sampling === 'paper' || timestamps !== undefined || indices !== undefined)) {
    throw new UsageError('--windows goes with no --timestamps, no --indices and no --sampling paper');
  }
  return { ...partOf(values, session), sampling: samplingOf(values, modelSamplingModes), windows };
}

/** What {@link modelClipOptions} say to `load`. */
export function adjustmentsOf({ resize, range }: ModelClipValues): Pick<LoadOptions, 'resize' | 'range'> {
  return {
    resize: oneOf('resize', resize, ['antialias', 'plain']),
    range: oneOf('range', range, ['processor', 'paper']),
  };
}

/** The words that --sampling takes where a model looks. */
export const modelSamplingModes = [...samplingModes, 'paper'] as const;

/** The word that --recipe takes. */
export function recipeOf({ recipe, sampling }: Pick<ClipValues, 'recipe' | 'sampling'>): ClipOptions['recipe'] {
  if (recipe !== undefined && sampling !== undefined)
    throw new UsageError('--recipe and --sampling exclude each other');
  return oneOf('recipe', recipe, ['tutorial']);
}

function partOf(values: ClipValues, session: Session): Omit<ClipOptions, 'sampling'> {
  return {
    ...readingOf(values, session),
    recipe: recipeOf(values),
    start: secondsFrom('start', values.start),
    end: secondsFrom('end', values.end),
    untaggedMatrix: values.bt709 === true ? 'bt709' : undefined,
  };
}

function samplingOf<const W extends ModelSampling & string>(
  { sampling, timestamps, indices, recipe }: ClipValues,
  modes: readonly W[],
): W | FrameList | undefined {
  if ([sampling, timestamps, indices, recipe].filter((value) => value !== undefined).length > 1) {
    throw new UsageError('--sampling, --timestamps, --indices and --recipe exclude each other');
  }
  if (timestamps !== undefined) return { timestamps: listOf('timestamps', timestamps, secondsFrom) };
  if (indices !== undefined) {
    return {
      indices: listOf('indices', indices, (name, value) => wholeNumber(name, value, Number.MAX_SAFE_INTEGER, 0)),
    };
  }
  return oneOf('sampling', sampling, modes);
}

const limitNames = ['bytes', 'pixels', 'frames', 'streams'] as const;

function limitsOf(texts: readonly string[]): Limits | undefined {
  const limits: Limits = {};
  for (const text of texts) {
    const [name = '', value] = text.split('=', 2);
    const known = limitNames.find((limit) => limit === name);
    if (known === undefined || value === undefined) {
      throw new UsageError(`--limit takes NAME=N with one of ${limitNames.join(', ')}, not '${text}'`);
    }
    const most = known === 'streams' ? 1_000_000 : Number.MAX_SAFE_INTEGER;
    limits[known] = amount(`limit ${known}=`, value, most);
  }
  return texts.length === 0 ? undefined : limits;
}
