/**
 * A contact sheet: the frames of a clip as small pictures in rows, each with its time below.
 *
 * @module
 */
import { glyphHeight, hasInk, textWidth } from './digits';

/** RGB bytes, rows packed. */
export interface Picture {
  data: Uint8Array;
  width: number;
  height: number;
}

/** The frames of a clip, of one size, one after the other. */
export interface Clip {
  data: Uint8Array;
  shape: readonly [frames: number, height: number, width: number, channels: 3];
  timestamps: readonly number[];
}

/** The longer side of a small picture; smaller frames stay as they are. */
const longestSide = 240;
const margin = 4;
const textScale = 2;
const captionHeight = glyphHeight * textScale + 2 * margin;
const background = 24;
const ink = 230;
const channels = 3;

/** Draws the sheet. */
export function contactSheet({ data, shape, timestamps }: Clip): Picture {
  const [frames, height, width] = shape;
  const scale = Math.min(1, longestSide / Math.max(width, height));
  const small = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  const captions = timestamps.map((time) => `${time.toFixed(3)} s`);

  const columns = Math.ceil(Math.sqrt(frames));
  const rows = Math.ceil(frames / columns);
  const widestCaption = Math.max(...captions.map((caption) => textWidth(caption) * textScale));
  const cellWidth = Math.max(small.width, widestCaption) + margin;
  const cellHeight = small.height + captionHeight;

  const sheet: Picture = {
    width: columns * cellWidth + margin,
    height: rows * cellHeight + margin,
    data: new Uint8Array(),
  };
  sheet.data = new Uint8Array(sheet.width * sheet.height * channels).fill(background);
  const frameBytes = width * height * channels;
  for (let index = 0; index < frames; index++) {
    const frame = { width, height, data: data.subarray(index * frameBytes, (index + 1) * frameBytes) };
    const x = margin + (index % columns) * cellWidth;
    const y = margin + Math.floor(index / columns) * cellHeight;
    paste(sheet, shrink(frame, small.width, small.height), x, y);
    write(sheet, captions[index] ?? '', x, y + small.height + margin);
  }
  return sheet;
}

/** Scales down; each new pixel is the mean of the pixels that it covers (a box filter). */
function shrink(picture: Picture, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = covered(y, height, picture.height);
    for (let x = 0; x < width; x++) {
      const [start, end] = covered(x, width, picture.width);
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let row = top; row < bottom; row++) {
          for (let column = start; column < end; column++) {
            sum += picture.data[(row * picture.width + column) * channels + channel] ?? 0;
          }
        }
        data[(y * width + x) * channels + channel] = Math.round(sum / ((bottom - top) * (end - start)));
      }
    }
  }
  return { data, width, height };
}

/** The whole pixels of a longer row that one pixel of a shorter row stands for. */
function covered(index: number, from: number, to: number): [start: number, end: number] {
  const start = Math.floor((index * to) / from);
  return [start, Math.max(start + 1, Math.floor(((index + 1) * to) / from))];
}

function paste(sheet: Picture, picture: Picture, left: number, top: number): void {
  const rowBytes = picture.width * channels;
  for (let row = 0; row < picture.height; row++) {
    const pixels = picture.data.subarray(row * rowBytes, (row + 1) * rowBytes);
    sheet.data.set(pixels, ((top + row) * sheet.width + left) * channels);
  }
}

function write(sheet: Picture, text: string, left: number, top: number): void {
  for (let y = 0; y < glyphHeight * textScale; y++) {
    for (let x = 0; x < textWidth(text) * textScale; x++) {
      if (!hasInk(text, Math.floor(x / textScale), Math.floor(y / textScale))) continue;
      const at = ((top + y) * sheet.width + left + x) * channels;
      sheet.data.fill(ink, at, at + channels);
    }
  }
}
