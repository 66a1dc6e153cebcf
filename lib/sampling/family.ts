/**
 * The families of models, whose code decides what the caller leaves open.
 *
 * @module
 */
/** The architectures that tubelet runs. */
export const families = ['vivit', 'timesformer', 'videomae'] as const;

/** The architecture of a checkpoint: ViViT, TimeSformer or VideoMAE. */
export type Family = (typeof families)[number];
