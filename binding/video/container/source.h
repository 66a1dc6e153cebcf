#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tubelet::video {

/// Where the bytes of a video come from. Reads name their offset, so that several demuxers may use one source in turn.
/// Not thread-safe.
class Source {
 public:
  virtual ~Source() = default;

  /// How messages call it, e.g. "'clips/snow.mp4'".
  virtual const std::string& name() const = 0;
  /// Bytes in all.
  virtual std::int64_t size() const = 0;
  /// Reads up to `count` bytes from `offset` on and returns how many it read: fewer only at the end.
  /// Throws Error(ReadFailed).
  virtual std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count) = 0;
};

/// A regular file, opened here because libav must never open a name itself: a name may mean a protocol to it.
class FileSource final : public Source {
 public:
  /// `name`: how messages call the file; the path in quotes by default. A temporary file's path means nothing to
  /// anybody. Throws Error: FILE_NOT_FOUND, READ_FAILED (no permission, or not a regular file), NOT_A_VIDEO (empty) or
  /// LIMIT_EXCEEDED (more than `limitBytes`). Never waits for a FIFO's writer.
  FileSource(const std::string& path, std::int64_t limitBytes, std::string name = {});
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  const std::string& name() const override { return name_; }
  std::int64_t size() const override { return size_; }
  std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count) override;

 private:
  void open(const std::string& path);
  void inspect(std::int64_t limitBytes);

  std::string name_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

/// Bytes in memory that nobody changes any more.
class MemorySource final : public Source {
 public:
  /// `bytes` must outlive it. Throws Error: NOT_A_VIDEO (empty) or LIMIT_EXCEEDED (more than `limitBytes`).
  MemorySource(std::span<const std::uint8_t> bytes, std::int64_t limitBytes, std::string name);

  const std::string& name() const override { return name_; }
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count) override;

 private:
  std::span<const std::uint8_t> bytes_;
  std::string name_;
};

}  // namespace tubelet::video
