/**
 * What in a folder is a video: by its name, and by its content where the name does not say.
 *
 * @module
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { type RawPath, bytesOf } from './paths';

/**
 * Names of videos: those that tubelet reads (binding/video/common/allowlist.cc), and well-known ones that it does not read, so
 * that they are reported rather than passed over.
 */
const videos = words(`
  mp4 m4v mov qt 3gp 3g2 f4v mkv mk3d webm avi divx m2ts m2t mpg mpeg mpe vob flv ogv gif apng
  wmv asf mxf rm rmvb dv y4m ivf
`);

/** Names of what is not a video. `.ts`, `.mts`, `.png`, `.webp`, `.ogg` and `.dat` are not here: those may be anything. */
const others = words(`
  txt md rst pdf html htm css csv tsv json jsonl xml yaml yml toml ini log nfo srt vtt ass
  js cjs mjs jsx tsx py ipynb sh c cc cpp h rs go java
  jpg jpeg jpe bmp tif tiff heic heif avif svg ico psd
  wav mp3 m4a aac flac oga opus wma aiff mka mid
  zip gz tgz tar bz2 xz zst 7z rar
  parquet npy npz arrow pt pth safetensors onnx sqlite db lock part tmp crdownload
`);

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** What a file's name says of it. */
export function kindByName(name: string): 'video' | 'other' | 'unknown' {
  const extension = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  if (videos.has(extension)) return 'video';
  return others.has(extension) ? 'other' : 'unknown';
}

/** Enough for several packets of a transport stream, and for what stands before an animated PNG's first picture. */
const headBytes = 4096;

/** Whether a file begins as a video does. Rejects when it cannot be read; does not wait for one that is a pipe. */
export async function beginsAsVideo(path: RawPath): Promise<boolean> {
  const file = await open(bytesOf(path), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(headBytes), 0, headBytes, null);
    return isVideo(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** Whether these first bytes are those of a container that tubelet reads, with pictures in it as far as that shows. */
export function isVideo(head: Buffer): boolean {
  const text = head.toString('latin1');
  return (
    isMovie(head, text) ||
    (text.startsWith('\x1a\x45\xdf\xa3') && /matroska|webm/.test(text.slice(0, 256))) ||
    /^RIFF.{4}AVI/s.test(text) ||
    (text.startsWith('FLV') && (head[3] ?? 5) < 5) ||
    (text.startsWith('OggS') && /\x80theora|OVP80/.test(text)) ||
    /^GIF8[79]a/.test(text) ||
    isAnimatedPng(head, text) ||
    (/^RIFF.{4}WEBPVP8X/s.test(text) && ((head[20] ?? 0) & webpAnimation) !== 0) ||
    text.startsWith('\x00\x00\x01\xba') || // MPEG-PS: a pack
    isTransportStream(head)
  );
}

const webpAnimation = 2;

/** ISO base media, such as MP4, and QuickTime, but for still pictures (HEIF, AVIF, raw photographs) and sound (M4A). */
function isMovie(head: Buffer, text: string): boolean {
  for (let at = 0; at + 12 <= head.length;) {
    const size = head.readUInt32BE(at);
    const type = text.slice(at + 4, at + 8);
    if (type === 'ftyp') return !/^(hei[cxms]|mif1|avif|crx |M4[ABP] )/.test(text.slice(at + 8));
    if (/^(moov|mdat|moof|styp|sidx)$/.test(type)) return true;
    if (!/^(free|skip|wide|uuid|pnot)$/.test(type) || size < 8) return false; // else it may come first
    at += size;
  }
  return false;
}

/** A PNG with the chunk that says so before its first picture. */
function isAnimatedPng(head: Buffer, text: string): boolean {
  if (!text.startsWith('\x89PNG\r\n\x1a\n')) return false;
  for (let at = 8; at + 8 <= head.length; at += 12 + head.readUInt32BE(at)) {
    const type = text.slice(at + 4, at + 8);
    if (type === 'acTL' || type === 'IDAT') return type === 'acTL';
  }
  return false;
}

/** MPEG-TS: five packets one after the other, bare, with a time (M2TS) or with a checksum, from wherever they begin. */
function isTransportStream(head: Buffer): boolean {
  const isPacket = (at: number): boolean => head[at] === 0x47 && ((head[at + 3] ?? 0) & 0x30) !== 0;
  return [188, 192, 204].some((size) => {
    for (let at = head.indexOf(0x47); at >= 0; at = head.indexOf(0x47, at + 1)) {
      if ([0, 1, 2, 3, 4].every((packet) => isPacket(at + packet * size))) return true;
    }
    return false;
  });
}
