import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runPython } from './python';

/** A video for torchcodec to read. */
export interface TorchcodecRequest {
  name: string;
  file: string;
  stream: number;
}

/** What torchcodec made of it. */
export interface TorchcodecFrames {
  /** When each of its frames is shown, in seconds. */
  times: number[];
  /** The numbers of the frames in `data`. */
  indices: number[];
  width: number;
  height: number;
  data: Uint8Array;
}

type Answer = Omit<TorchcodecFrames, 'data'> | { error: string };

/**
 * Reads all the videos in one process, `most` frames of each.
 *
 * @returns For each name its frames, or in words why torchcodec does not read it.
 */
export async function readWithTorchcodec(
  videos: TorchcodecRequest[],
  most: number,
  folder: string,
): Promise<Map<string, TorchcodecFrames | string>> {
  const request = join(folder, 'request.json');
  await writeFile(request, JSON.stringify({ out: folder, most, videos }));
  const answers = (await runPython('test/reference/torchcodec_frames.py', request)) as Record<string, Answer>;
  const results = new Map<string, TorchcodecFrames | string>();
  for (const [name, answer] of Object.entries(answers)) {
    if ('error' in answer) results.set(name, answer.error);
    else results.set(name, { ...answer, data: await readFile(join(folder, name)) });
  }
  return results;
}
