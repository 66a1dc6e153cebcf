/**
 * A font for times: digits, a point, `s` and a space, 5 x 7 pixels each.
 *
 * @module
 */

/** Rows from top to bottom, `#` for ink. */
const glyphs: Record<string, readonly string[]> = {
  '0': [' ### ', '#   #', '#  ##', '# # #', '##  #', '#   #', ' ### '],
  '1': ['  #  ', ' ##  ', '  #  ', '  #  ', '  #  ', '  #  ', ' ### '],
  '2': [' ### ', '#   #', '    #', '   # ', '  #  ', ' #   ', '#####'],
  '3': [' ### ', '#   #', '    #', '  ## ', '    #', '#   #', ' ### '],
  '4': ['   # ', '  ## ', ' # # ', '#  # ', '#####', '   # ', '   # '],
  '5': ['#####', '#    ', '#### ', '    #', '    #', '#   #', ' ### '],
  '6': [' ### ', '#    ', '#    ', '#### ', '#   #', '#   #', ' ### '],
  '7': ['#####', '    #', '   # ', '  #  ', '  #  ', '  #  ', '  #  '],
  '8': [' ### ', '#   #', '#   #', ' ### ', '#   #', '#   #', ' ### '],
  '9': [' ### ', '#   #', '#   #', ' ####', '    #', '    #', ' ### '],
  '.': ['     ', '     ', '     ', '     ', '     ', ' ##  ', ' ##  '],
  '-': ['     ', '     ', '     ', '#####', '     ', '     ', '     '],
  s: ['     ', '     ', ' ### ', '#    ', ' ### ', '    #', '#### '],
  ' ': ['     ', '     ', '     ', '     ', '     ', '     ', '     '],
};

/** Height of a glyph in its own pixels. */
export const glyphHeight = 7;
/** Width of a glyph and the gap after it. */
const advance = 6;

/** Whether there is ink at a place of a line of text, in the font's own pixels from its top left corner. */
export function hasInk(text: string, x: number, y: number): boolean {
  const glyph = glyphs[text[Math.floor(x / advance)] ?? ' '];
  return glyph?.[y]?.[x % advance] === '#';
}

/** Width of a line of text in the font's own pixels. */
export function textWidth(text: string): number {
  return text.length * advance - 1;
}
