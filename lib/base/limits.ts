/**
 * Bounds that no real model meets: they keep a hostile number in a file from becoming an allocation. The programs have the
 * same (models/programs/layers.py).
 *
 * @module
 */

/** Classes of a model. */
export const mostLabels = 65_536;

/** Frames of a clip, and frames that one call returns. */
export const mostFrames = 4096;

/** Pixels a side of what a model takes. */
export const largestSide = 4096;

/** Pixels a side that a frame is resized to before it is cropped. */
export const largestResizedSide = 8192;
