/**
 * Video understanding for Node.js: what a clip shows ({@link classify}), a vector for it ({@link embed}), its sampled
 * frames ({@link readFrames}) and its headers ({@link probe}); {@link load} keeps a model at hand.
 *
 * @packageDocumentation
 */
export type { Adjustments } from './adjust';
export type { Batch, BatchItem } from './batch/batch';
export type { BatchSummary } from './batch/summary';
export type { BatchOptions } from './batch/workers';
export { classify, type ClassifyOptions, type ClassifyWithOptions } from './classify';
export type { Family } from './config';
export type { Device } from './device';
export { type ExportOptions, type ExportResult, exportModel } from './export';
export { embed, type EmbedOptions, type EmbedWithOptions, type Pooling } from './embed';
export { TubeletError, type TubeletErrorCode } from './errors';
export { readFrames, type ReadFramesOptions, type ReadFramesResult } from './frames';
export type { WebStream } from './inputs/chunks';
export type { PixelBytes, RawFrame, RawFrames } from './inputs/frames';
export type { EncodedVideo, VideoInput } from './inputs/kinds';
export type { DownloadProgress } from './hub/blob';
export type { Labels } from './labels';
export { load, type LoadOptions } from './load';
export type { ModelInfo } from './loaded';
export type { Channels, Layout, Origin, Size } from './metadata';
export type { Model } from './model';
export type { Precision } from './precision';
export type { Licence } from './presets';
export { probe, type ProbeOptions, type ProbeResult, type StreamDetails } from './probe';
export type { ViewCounts } from './paper';
export type { ClipOptions, Limits, ModelClipOptions, ReadingOptions } from './reading';
export type { CheckpointIdentity, ClassifyResult, ClipDetails, EmbedResult, Prediction, Provenance } from './results';
export type {
  FrameList,
  ModelSampling,
  PaperSampling,
  Sampling,
  SamplingMode,
  Spacing,
  TrainedSampling,
} from './sampling';
export type { ProgramOptions } from './torchscript';
export type {
  ClassifiedWindow,
  ClassifyWindowsResult,
  EmbeddedWindow,
  EmbedWindowsResult,
  Segment,
  WindowDetails,
  WindowOptions,
  WindowsProvenance,
  WithWindows,
  WithoutWindows,
} from './windows';
