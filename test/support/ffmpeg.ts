import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const mostOutput = 1 << 28;

/** One thread, so that what a decoder makes of damaged data does not depend on the machine. */
const oneThread = ['-threads', '1'];

/** The flags of binding/video/pictures/scaler: a reference with others would differ by its chroma interpolation. */
const scalerFlags = 'bilinear';

interface Report {
  streams: { time_base: string }[];
  frames: { best_effort_timestamp?: number }[];
}

/**
 * When each frame of the stream is shown, in seconds, in the order in which the decoder gives the frames, as ffprobe sees
 * it. A frame without a time (the last ones of an AVI) follows the one before at the distance of that one; NaN where
 * there are not two before it.
 */
export async function frameTimes(file: string, stream: number): Promise<number[]> {
  const entries = ['-select_streams', String(stream), '-show_entries', 'stream=time_base:frame=best_effort_timestamp'];
  const args = ['-v', 'quiet', ...oneThread, ...entries, '-of', 'json', file];
  const { stdout } = await run('ffprobe', args, { maxBuffer: mostOutput });
  const { streams, frames } = JSON.parse(stdout) as Report;
  const [numerator = NaN, denominator = NaN] = (streams[0]?.time_base ?? '').split('/').map(Number);
  const ticks: number[] = [];
  for (const { best_effort_timestamp: at } of frames) {
    ticks.push(at ?? 2 * (ticks.at(-1) ?? NaN) - (ticks.at(-2) ?? NaN));
  }
  return ticks.map((at) => (at * numerator) / denominator);
}

/** How the ffmpeg program is to show a video. */
export interface Rendering {
  /** Width and height of the result. */
  size: readonly [width: number, height: number];
  /** Filters before the one that scales. */
  filters?: readonly string[];
  /** Shows transparent pixels over black. */
  alpha?: boolean;
  /** Only the frame that is shown at this time, in seconds, with nothing decoded before the last keyframe. */
  at?: number | undefined;
  /** A filter that turns it by 90 degrees after it was scaled; else it is turned as the file says, and then scaled. */
  turn?: string | undefined;
}

/**
 * All frames of the video stream that the ffmpeg program takes by itself, upright and in RGB, one after the other, in
 * the order in which the decoder gives them.
 */
export async function renderedFrames(
  file: string,
  { size, filters = [], alpha = false, at, turn }: Rendering,
): Promise<Uint8Array> {
  const scaled = turn === undefined ? size : [...size].reverse();
  const scale = `scale=${scaled.join(':')}:flags=${scalerFlags}`;
  const chain = [...filters, scale, ...(turn === undefined ? [] : [turn])].join(',');
  const asStored = turn === undefined ? [] : ['-noautorotate'];
  const place = at === undefined ? [] : ['-ss', String(at)];
  const count = at === undefined ? [] : ['-frames:v', '1'];
  const input = ['-nostdin', '-v', 'quiet', ...oneThread, ...asStored, ...place, '-i', file, '-vf', chain, ...count];
  // Else a frame of another size than the first would be scaled once more.
  const once = ['-autoscale', '0', '-sws_flags', scalerFlags];
  const output = ['-pix_fmt', alpha ? 'rgba' : 'rgb24', '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'];
  const options = { encoding: 'buffer', maxBuffer: mostOutput } as const;
  const { stdout } = await run('ffmpeg', [...input, ...once, ...output], options);
  return alpha ? overBlack(stdout) : stdout;
}

function overBlack(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = (rgba[from + 3] ?? 0) / 255;
    for (let channel = 0; channel < 3; channel++) rgb[to + channel] = Math.round((rgba[from + channel] ?? 0) * alpha);
  }
  return rgb;
}
