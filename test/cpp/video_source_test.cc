#include <doctest/doctest.h>

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "video/container/source.h"
#include "video_fixtures.h"

namespace tubelet::video::test {
namespace {

std::span<const std::uint8_t> bytesOf(std::string_view literal) {
  return {reinterpret_cast<const std::uint8_t*>(literal.data()), literal.size()};
}

/// The message of the Error with `code` that `work` throws.
template <typename Work>
std::string messageOf(ErrorCode code, Work work) {
  try {
    work();
  } catch (const Error& error) {
    CHECK(std::string(codeName(error.code())) == codeName(code));
    return error.what();
  }
  FAIL("nothing was thrown");
  return {};
}

TEST_CASE("a source in memory reads what is there, and less at the end") {
  MemorySource source(bytesOf("0123456789"), 10, "<bytes>");
  CHECK(source.name() == "<bytes>");
  CHECK(source.size() == 10);
  for (const auto& [offset, count, expected] : std::vector<std::tuple<std::int64_t, std::size_t, std::string>>{
           {0, 4, "0123"}, {4, 6, "456789"}, {8, 10, "89"}, {10, 1, ""}, {std::int64_t{1} << 60, 3, ""}, {3, 0, ""}}) {
    std::string got(count, '-');
    got.resize(source.read(offset, reinterpret_cast<std::uint8_t*>(got.data()), count));
    CHECK(got == expected);
  }
}

TEST_CASE("every source is refused when it is empty, and from one byte over the limit on") {
  const TempFolder folder;
  const std::string path = folder / "ten";
  write(path, "0123456789");
  CHECK(FileSource(path, 10).size() == 10);
  CHECK(MemorySource(bytesOf("0123456789"), 10, "<bytes>").size() == 10);

  const std::string advice = " has 10 bytes; the limit is 9. Raise the limit `bytes` to read it.";
  CHECK(messageOf(ErrorCode::LimitExceeded, [&] { FileSource(path, 9); }) == "'" + path + "'" + advice);
  CHECK(messageOf(ErrorCode::LimitExceeded, [&] { FileSource(path, 9, "<stream>"); }) == "<stream>" + advice);
  CHECK(messageOf(ErrorCode::LimitExceeded, [&] { MemorySource(bytesOf("0123456789"), 9, "<bytes>"); }) ==
        "<bytes>" + advice);

  write(path, "");
  CHECK(messageOf(ErrorCode::NotAVideo, [&] { FileSource(path, 9, "<stream>"); }) == "<stream> is empty.");
  CHECK(messageOf(ErrorCode::NotAVideo, [&] { MemorySource(bytesOf(""), 9, "<bytes>"); }) == "<bytes> is empty.");
}

TEST_CASE("a temporary file's path is in no message") {
  const TempFolder folder;
  const std::string path = folder / "secret";
  const std::string missing = messageOf(ErrorCode::FileNotFound, [&] { FileSource(path, 9, "<stream>"); });
  CHECK(missing.find("secret") == std::string::npos);
  CHECK(missing.find("<stream>") != std::string::npos);
}

}  // namespace
}  // namespace tubelet::video::test
