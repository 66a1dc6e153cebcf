/**
 * The native addon's surface as one type. Everything below this line is C++ (binding/node/); everything above it sees
 * only these shapes. All work runs on the addon's own threads; a task's promise settles on the event loop.
 *
 * @module
 */

/**
 * One piece of native work. `cancel` is idempotent and legal at any time; the promise then rejects at once with an error
 * whose code is `CANCELLED` (the TypeScript layer replaces it with the signal's own reason), while the work itself stops
 * at its next check.
 */
export interface NativeTask<T> {
  readonly promise: Promise<T>;
  cancel(): void;
}

/** Frames that the caller has decoded: bytes of T x height x width x channels, rows packed, upright. */
export interface NativeRawFrames {
  kind: 'frames';
  data: Uint8Array;
  width: number;
  height: number;
  /** Gray, RGB or RGBA. */
  channels: 1 | 3 | 4;
  /** Seconds, one a frame, in any order. */
  timestamps: number[];
  /** Seconds: when the frame shown last gives way. */
  end: number;
}

/**
 * Where a video comes from. Bytes and frames are read in place and must not change any more. `name` is what messages call
 * it, such as `'clip.mp4'` with its quotes.
 */
export type NativeInput =
  { kind: 'file'; path: string; name: string } | { kind: 'bytes'; bytes: Uint8Array; name: string } | NativeRawFrames;

/** binding/video/common/clip.h. */
export interface NativeLimits {
  bytes: number;
  pixels: number;
  frames: number;
  streams: number;
}

export interface NativeReadOptions {
  limits: NativeLimits;
  /** A stream's number in the container; `null`: the one that the ffmpeg program would pick. */
  stream: number | null;
  onCorrupt: 'error' | 'tolerate';
  untaggedMatrix: 'bt601' | 'bt709';
}

/** The clips of a published test protocol: binding/video/selection/protocol.h. */
export interface NativeProtocol {
  name: 'videomae' | 'videomae-even' | 'timesformer' | 'timesformer-even' | 'vivit';
  /** Of `frames` slots each. */
  clips: number;
  /** Frames between two slots in a video of `fps` a second; the even ones take no notice. */
  stride: number;
  fps: number;
}

export interface NativeSampling {
  mode: 'trained' | 'spread' | 'consecutive' | 'timestamps' | 'indices' | 'protocol';
  /** Slots of a clip; with `timestamps` and `indices` as many as are listed. */
  frames: number;
  /** Seconds between frames; `trained` only, else 0. */
  interval: number;
  /** How a video with too few frames is filled up. */
  padding: 'repeat-last' | 'loop';
  /** Seconds; `timestamps` only, else empty. */
  timestamps: number[];
  /** From 0; `indices` only, else empty. */
  indices: number[];
  /** `protocol` only, else `null`. */
  protocol: NativeProtocol | null;
  /** The part of the video to sample, in seconds; `null`: to the end. */
  start: number;
  end: number | null;
}

/** binding/model/model.h. */
export interface NativeEmbedding {
  /** After how many blocks to stop; `null`: after all, with the final layernorm. */
  layer: number | null;
  /** `head` not with a layer. */
  pooling: 'head' | 'mean' | 'cls' | 'none';
  /** Each vector to length 1. */
  normalize: boolean;
}

export interface NativeClipRequest {
  input: NativeInput;
  sampling: NativeSampling;
  read: NativeReadOptions;
  /** For `run` alone; absent: what the head sees, and its logits. */
  embedding?: NativeEmbedding;
  /** Every frame to this size first, as OpenCV does. */
  stretch?: { width: number; height: number } | undefined;
  /** With `sampling.mode` `protocol`, and with no other. */
  views?: NativeViews | undefined;
}

/** What was really read; times in seconds from the start of the presentation. */
export interface NativeClipInfo {
  timestamps: number[];
  start: number;
  end: number;
  repeated: boolean;
  tooShort: boolean;
  toneMapped: boolean;
  warnings: string[];
}

export interface NativeFrames extends NativeClipInfo {
  /** RGB bytes, T x H x W x 3. */
  data: Uint8Array;
  width: number;
  height: number;
  /** Milliseconds. */
  decodeMs: number;
}

export interface NativePreprocessing {
  resize: 'none' | 'shortest-edge' | 'exact';
  resizeHeight: number;
  resizeWidth: number;
  interpolation: 'nearest' | 'bilinear' | 'bicubic';
  antialias: boolean;
  /** 0: no centre crop. */
  cropHeight: number;
  cropWidth: number;
  /** A frame smaller than the crop gets the odd row or column of its border in front instead of behind. */
  padFrontMore: boolean;
  rescaleFactor: number;
  /** Subtract 1 after rescaling (ViViT's processor). */
  offset: boolean;
  normalize: boolean;
  mean: [number, number, number];
  std: [number, number, number];
}

/** What a test protocol does with the frames of its clips: binding/model/views.h. */
export interface NativeViews {
  /** Of each clip, spread along the longer side. */
  crops: number;
  filter: 'opencv' | 'tensorflow' | 'torch' | 'antialias';
  /** Whether a crop that would begin between two pixels begins at the second. */
  roundUp: boolean;
  /** How the answers to all views are put together. */
  average: 'scores' | 'sigmoids' | 'sum-of-logits' | 'logits';
  /** `resizeHeight` is the short side; the crop is the model's input. */
  preprocessing: NativePreprocessing;
}

export interface NativeModelSpec {
  /** Equal keys mean the same weights: they are in memory once a process and device. */
  key: string;
  /** The package's program of the family; `null` for a third-party one. */
  programPath: string | null;
  /** A TorchScript file is executed: only one that the caller trusts. */
  format: 'safetensors' | 'pytorch-bin' | 'torchscript';
  weightFiles: string[];
  /** Which files these are, one a file: the key of its FileIdentity (lib/base/files.ts). Others are refused: READ_FAILED. */
  identities: string[];
  /** The numeric fields of config.json, flattened as models/programs/README.md says. */
  config: Record<string, number>;
  preprocessing: NativePreprocessing;
  /** Frames a clip. */
  frames: number;
  /** Pixels of what the model takes. */
  height: number;
  width: number;
  /** The order of a program's axes; checkpoints have TCHW. */
  layout: 'TCHW' | 'CTHW';
  /** `'cpu'`, `'cuda'`, `'cuda:1'` or `'auto'`. */
  device: string;
  /** `'auto'`: bf16 where the device multiplies it faster. */
  precision: Precision | 'auto';
  /** Threads a forward pass may use; 0: as many as the process may use CPUs and the model has work for. */
  threads: number;
  /** Calls that may wait on this model before `run` rejects with BUSY. */
  maxQueue: number;
}

export interface NativeOutput extends NativeClipInfo {
  /** Empty for a self-supervised checkpoint, and where `pooling` is not `head`. */
  logits: Float32Array;
  /** Softmax of the logits. */
  scores: Float32Array;
  embedding: Float32Array;
  /** Of `embedding`: [width], or [T, H, W, width] where `pooling` is `none`. */
  shape: number[];
  /** Milliseconds of each stage. */
  decodeMs: number;
  prepareMs: number;
  inferMs: number;
}

/** binding/video/selection/windows.h; seconds. */
export interface NativeWindows {
  length: number;
  stride: number;
}

/** One window of a video: its number from 0, the part of the video that it is, and the model's answer. */
export interface NativeWindow {
  index: number;
  start: number;
  end: number;
  output: NativeOutput;
}

/** The workers of a fork. */
export interface NativeWorkers {
  /** Clips decoded at once. */
  decode: number;
  /** Forward passes at once, each with `threads` threads. */
  infer: number;
  threads: number;
  /** Clips that may share a forward pass, and how long one that is ready may wait for others. */
  maxBatch: number;
  maxDelayMs: number;
  /** Calls that may wait, as in {@link NativeModelSpec}. */
  maxQueue: number;
}

/** What a model's queue is at, in calls, and the time that its workers have spent, all together. */
export interface NativeQueue {
  waiting: number;
  ingesting: number;
  ready: number;
  inferring: number;
  ingestMs: number;
  inferMs: number;
}

/** A loaded checkpoint with its own queue; the weights behind it may be shared. */
export interface NativeModel {
  /** Calls are served in the order they were made; those of a fork as they become ready. */
  run(request: NativeClipRequest): NativeTask<NativeOutput>;
  /**
   * The same for each window of a video, one after the other: `onWindow` is called with each when it is there, in a fork
   * not always in their order. The promise settles behind the last, with the warnings about the video as a whole.
   */
  runWindows(
    request: NativeClipRequest,
    windows: NativeWindows,
    onWindow: (window: NativeWindow) => void,
  ): NativeTask<string[]>;
  /** The pixels that the program would see, float32 [T, 3, H, W]: for tests and debugging. */
  prepare(request: NativeClipRequest): NativeTask<NativePixels>;
  /** Runs the program on the caller's own pixels, float32 [T, 3, H, W]; copied before this returns. */
  forward(
    pixels: Float32Array,
    shape: [number, number, number, number],
    embedding?: NativeEmbedding,
  ): NativeTask<NativeOutput>;
  /** The same weights with a queue and workers of their own. Throws DISPOSED. */
  fork(workers: NativeWorkers): NativeModel;
  /** Settles when what runs has finished; what waits rejects with DISPOSED. Idempotent. */
  dispose(): Promise<void>;
  readonly queue: NativeQueue;
  readonly threads: number;
  /** `'cpu'` or `'cuda:0'`. */
  readonly device: string;
  readonly precision: Precision;
  readonly weightBytes: number;
  /** The number of blocks. */
  readonly layers: number;
  /** What a TorchScript file's program returned when it was tried out; `null` for checkpoints. */
  readonly answer: { classes: number; width: number } | null;
}

export interface NativeExportRequest {
  spec: NativeModelSpec;
  path: string;
  overwrite: boolean;
  /** What tubelet.json will say. */
  metadata: string;
}

export interface NativePixels extends NativeClipInfo {
  data: Float32Array;
  shape: [number, number, number, number];
}

export interface NativeStreamInfo {
  index: number;
  type: string;
  codec: string;
  isDefault: boolean;
  attachedPicture: boolean;
}

/** binding/video/container/probe.h; `null` where the header says nothing. */
export interface NativeVideoInfo {
  container: string;
  codec: string;
  pixelFormat: string;
  streamIndex: number;
  width: number;
  height: number;
  codedWidth: number;
  codedHeight: number;
  rotation: number;
  mirrored: boolean;
  sampleAspectRatio: number;
  fps: number | null;
  duration: number | null;
  colorMatrix: string;
  colorRange: string;
  colorPrimaries: string;
  colorTransfer: string;
  bytes: number;
  streams: NativeStreamInfo[];
}

export interface NativeBinding {
  probe(input: NativeInput, read: NativeReadOptions): NativeTask<NativeVideoInfo>;
  readFrames(request: NativeClipRequest): NativeTask<NativeFrames>;
  loadModel(spec: NativeModelSpec): NativeTask<NativeModel>;
  /** The tubelet.json in a TorchScript file; `null` when there is none. Executes nothing. */
  programMetadata(path: string): NativeTask<string | null>;
  /** Writes a checkpoint as a TorchScript file; the size of that. */
  exportModel(request: NativeExportRequest): NativeTask<number>;
  /** CPUs this process may use: affinity and cgroup quota respected, at least 1. */
  availableCpus(): number;
  /** Versions of the libraries this process really runs on, and the CPU's name. */
  versions(): { torch: string; libavformat: string; libavcodec: string; cpu: string };
}

/** `'fp32'`: float32 throughout. `'bf16'`: the linear layers and attention multiply bfloat16 (docs/precision.md). */
export type Precision = 'fp32' | 'bf16';
