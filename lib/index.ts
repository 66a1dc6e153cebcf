/**
 * Video understanding for Node.js: what a clip shows ({@link classify}), a vector for it ({@link embed}), its sampled
 * frames ({@link readFrames}) and its headers ({@link probe}); {@link load} keeps a model at hand.
 *
 * @packageDocumentation
 */
export { type ClassifyWithOptions, classify } from './api/classify';
export { type EmbedWithOptions, embed } from './api/embed';
export { type ExportOptions, type ExportResult, exportModel } from './api/export-model';
export { type LoadOptions, load } from './api/load';
export type { Model } from './api/model';
export { type ProbeOptions, type ProbeResult, type StreamDetails, probe } from './api/probe';
export { type ReadFramesOptions, type ReadFramesResult, readFrames } from './api/read-frames';
export { TubeletError, type TubeletErrorCode } from './base/errors';
export type { WebStream } from './base/streams';
export type { Batch, BatchItem } from './batch/batch';
export type { BatchSummary } from './batch/summary';
export type { BatchOptions } from './batch/workers';
export type { Adjustments } from './checkpoints/adjust';
export type { Licence } from './checkpoints/presets';
export type { ProgramOptions } from './checkpoints/program';
export type { Channels, Layout, Origin, Size } from './checkpoints/program-metadata';
export type { DownloadProgress } from './hub/blob';
export type { PixelBytes, RawFrame, RawFrames } from './inputs/frames';
export type { EncodedVideo, VideoInput } from './inputs/recognise';
export type { ModelInfo } from './models/info';
export type { Precision } from './native/binding';
export type { ClassifyOptions, EmbedOptions, Pooling } from './options/answers';
export type { Device } from './options/device';
export type { Labels } from './options/labels';
export type { ClipOptions, Limits, ModelClipOptions, ReadingOptions } from './options/reading';
export type { Scores } from './options/scores';
export type { OptionsAs, ResultOf, WindowOptions } from './options/windows';
export type {
  CheckpointIdentity,
  ClassifyResult,
  ClipDetails,
  EmbedResult,
  Prediction,
  Provenance,
  ViewCounts,
} from './results/results';
export type {
  ClassifiedWindow,
  ClassifyWindowsResult,
  EmbedWindowsResult,
  EmbeddedWindow,
  Segment,
  WindowDetails,
  WindowListener,
  WindowsProvenance,
} from './results/windows';
export type { Family } from './sampling/family';
export type {
  FrameList,
  ModelSampling,
  PaperSampling,
  Sampling,
  SamplingMode,
  Spacing,
  TrainedSampling,
} from './sampling/sampling';
