#include "model/weights/archive.h"

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <c10/util/Exception.h>
#include <caffe2/serialize/inline_container.h>

#include "model/weights/file_adapter.h"
#include "model/weights/zip_directory.h"

namespace tubelet::model {

namespace {

/// Recognises the usual wrong files before LibTorch's reader has a chance to say "failed finding central directory".
void requireZip(const File& file, const Archive::Kind& kind) {
  const std::string what = kind.what;
  std::array<char, 4> start{};
  if (file.size() < start.size()) {
    throw invalidFile(file.path(), "has " + std::to_string(file.size()) + " bytes, too few for a " + what +
                                       ". Copy or download it again.");
  }
  file.read(0, start.data(), start.size());
  const std::string_view magic(start.data(), start.size());
  if (magic.starts_with('\x80')) throw invalidFile(file.path(), kind.barePickle);
  if (magic != std::string_view("PK\x03\x04", 4)) {
    throw invalidFile(file.path(),
                      "is not a " + what + ": it does not start like the archive " + kind.writer + " writes.");
  }
}

/// Runs `read`, whose every failure means that the archive is not what it should be: LibTorch reports even a record
/// that claims more than there is as an internal failure.
template <typename Read>
auto reading(const File& file, Read read) {
  try {
    return read();
  } catch (const c10::Error& error) {
    throw invalidFile(file.path(), "is a damaged PyTorch archive. Copy or download it again.",
                      error.what_without_backtrace());
  } catch (const std::logic_error& error) {  // its version record is parsed by std::stoull
    throw invalidFile(file.path(), "is a damaged PyTorch archive. Copy or download it again.", error.what());
  }
}

}  // namespace

const Archive::Kind Archive::kWeights{
    .what = "PyTorch checkpoint",
    .writer = "torch.save",
    .barePickle =
        "is in PyTorch's format from before 1.6 (a bare pickle), which is not read. Load it in Python and "
        "save it again: torch.save(torch.load(path, weights_only=True), path).",
    .compresses = false};

const Archive::Kind Archive::kProgram{
    .what = "TorchScript file",
    .writer = "torch.jit.save",
    .barePickle =
        "is a pickle, as torch.save wrote it before PyTorch 1.6, not a TorchScript file: only Python can "
        "load it. There, torch.jit.save(torch.jit.trace(model, pixels), path) makes one.",
    .compresses = true};

Archive::Archive(std::shared_ptr<const File> file, const Kind& kind) : file_(std::move(file)) {
  requireZip(*file_, kind);
  if (!kind.compresses) requireUncompressed(*file_);
  reader_ = reading(*file_, [&] {
    return std::make_unique<caffe2::serialize::PyTorchStreamReader>(std::make_shared<FileAdapter>(file_));
  });
}

Archive::~Archive() = default;

bool Archive::has(const std::string& record) {
  return reading(*file_, [&] { return reader_->hasRecord(record); });
}

std::uint64_t Archive::size(const std::string& record) {
  if (!has(record)) {
    throw invalidFile(path(), "lacks the record \"" + record + "\". Copy or download it again.");
  }
  const std::uint64_t bytes = reading(*file_, [&] { return reader_->getRecordSize(record); });
  if (bytes > file_->size()) {
    throw invalidFile(path(), "its record \"" + record + "\" claims " + std::to_string(bytes) +
                                  " bytes, but the file has " + std::to_string(file_->size()) + ".");
  }
  return bytes;
}

void Archive::read(const std::string& record, void* into, std::size_t bytes) {
  const std::size_t got = reading(*file_, [&] { return reader_->getRecord(record, into, bytes); });
  if (got != bytes) throw invalidFile(path(), "its record \"" + record + "\" changed while it was read.");
}

}  // namespace tubelet::model
