#include "model/weights/pickle.h"

#include <doctest/doctest.h>

#include "model_fixtures.h"

using namespace tubelet::model;
using namespace tubelet::model::test;

namespace {

std::vector<PickledTensor> parse(const std::string& pickle) {
  const std::vector<std::uint8_t> bytes(pickle.begin(), pickle.end());
  return readStateDict(bytes, "weights.bin");
}

std::string parsing(const std::string& pickle) {
  return outcome([&] { parse(pickle); });
}

/// Everything that torch.save writes for a state_dict: OrderedDict, memo, parameters, _metadata.
PickleWriter realistic() {
  PickleWriter pickle;
  pickle.orderedDict().raw("q\x01").op('(');
  pickle.text("weight").raw("r").raw(std::string("\x02\x01\0\0", 4));
  pickle.tensor("FloatStorage", "0", 6, {{2, 3}, {3, 1}});
  pickle.text("bias").global("torch._utils", "_rebuild_parameter").op('(');
  pickle.tensor("HalfStorage", "1", 300, {{3}, {1}, 70000}).op('\x88').orderedDict().op('t').op('R');
  pickle.op('u');
  // The object's attributes: {'_metadata': OrderedDict({'': {'version': 1}, 'again': the same name from the memo})}
  pickle.op('}').text("_metadata").orderedDict().op('(').text("").op('}').text("version").integer(1).op('s');
  pickle.text("again").raw("j").raw(std::string("\x02\x01\0\0", 4)).op('u').op('s').op('b');
  return pickle;
}

void refused(const std::string& result, const std::string& why) {
  CAPTURE(result);
  CHECK(result.starts_with("MODEL_INVALID: weights.bin: data.pkl "));
  CHECK(contains(result, why));
}

}  // namespace

TEST_CASE("pickle: what torch.save writes for a state_dict") {
  const std::vector<PickledTensor> tensors = parse(realistic().finished());
  REQUIRE(tensors.size() == 2);
  CHECK(tensors[0].entry.name == "weight");
  CHECK((tensors[0].entry.type == at::kFloat));
  CHECK(tensors[0].entry.shape == std::vector<std::int64_t>{2, 3});
  CHECK(tensors[0].strides == std::vector<std::int64_t>{3, 1});
  CHECK(tensors[0].storage == "0");
  CHECK(tensors[0].storageElements == 6);
  CHECK(tensors[0].offset == 0);
  CHECK(tensors[1].entry.name == "bias");
  CHECK((tensors[1].entry.type == at::kHalf));
  CHECK(tensors[1].storage == "1");
  CHECK(tensors[1].storageElements == 300);
  CHECK(tensors[1].offset == 70000);
}

TEST_CASE("pickle: a plain dict serves as well, and integers of every size") {
  PickleWriter pickle;
  pickle.op('}').text("a").global("torch._utils", "_rebuild_tensor_v2").op('(').storage("FloatStorage", "0", 1LL << 40);
  pickle.raw(std::string("M\x34\x12", 3));                                                     // offset: BININT2
  pickle.raw(std::string("J\x01\0\0\x80", 5)).raw(std::string("\x8a\x01\xff", 3)).op('\x86');  // BININT, LONG1
  pickle.raw(std::string("\x8a\0", 2)).op('\x85');                                             // LONG1 of no bytes
  pickle.op('\x89').op('N').op('t').op('R').op('s');
  const std::vector<PickledTensor> tensors = parse(pickle.finished());
  REQUIRE(tensors.size() == 1);
  CHECK(tensors[0].storageElements == 1LL << 40);
  CHECK(tensors[0].offset == 0x1234);
  CHECK(tensors[0].entry.shape == std::vector<std::int64_t>{-2147483647, -1});
  CHECK(tensors[0].strides == std::vector<std::int64_t>{0});
}

TEST_CASE("pickle: every other opcode is refused by its name") {
  refused(parsing("\x80\x02(S'touch marker'\nios\nsystem\n."), "opcode STRING (0x53)");
  refused(parsing("\x80\x02(X\x01"), "ends in the middle of an opcode");
  refused(parsing(std::string("\x80\x02(X\x01\0\0\0aios\nsystem\n.", 21)), "opcode INST (0x69)");
  refused(parsing(std::string("\x80\x02\x8c\x02os\x8c\x06system\x93.", 16)), "opcode SHORT_BINUNICODE (0x8c)");
  refused(parsing(PickleWriter().op('\x93').finished()), "opcode STACK_GLOBAL (0x93)");
  refused(parsing(PickleWriter().op('\x81').finished()), "opcode NEWOBJ (0x81)");
  refused(parsing(PickleWriter().op('\x82').finished()), "opcode EXT1 (0x82)");
  refused(parsing(PickleWriter().op('o').finished()), "opcode OBJ (0x6f)");
  refused(parsing(PickleWriter().op('P').finished()), "opcode PERSID (0x50)");
  refused(parsing(PickleWriter().op('\xfe').finished()), "opcode 0xfe");
  refused(parsing("\x80\x04."), "pickle protocol 4");
}

TEST_CASE("pickle: exactly 30 of the 256 opcodes are known") {
  int known = 0;
  for (int code = 0; code < 256; ++code) {
    known += contains(parsing(std::string("\x80\x02") + static_cast<char>(code)), "contains the opcode") ? 0 : 1;
  }
  CHECK(known == 30);
}

TEST_CASE("pickle: every other global is refused by its name, and nothing is called") {
  const auto calling = [](const std::string& module, const std::string& name) {
    return parsing(PickleWriter().global(module, name).op('(').text("touch marker").op('t').op('R').finished());
  };
  refused(calling("os", "system"), "asks for \"os.system\"");
  refused(calling("posix", "system"), "asks for \"posix.system\"");
  refused(calling("builtins", "eval"), "asks for \"builtins.eval\"");
  refused(calling("torch", "load"), "asks for \"torch.load\"");
  refused(calling("torch", "OsStorage"), "asks for \"torch.OsStorage\"");
  refused(calling("os", "FloatStorage"), "asks for \"os.FloatStorage\"");
  refused(calling("torch._utils", "_rebuild_tensor_v3"), "asks for \"torch._utils._rebuild_tensor_v3\"");
  refused(calling("collections", "OrderedDict"), "makes an OrderedDict in a way");
  refused(calling("torch", "FloatStorage"), "something else where a callable is expected");
}

TEST_CASE("pickle: what is no state_dict is refused") {
  refused(parsing(""), "ends in the middle of an opcode");
  refused(parsing("\x80\x02."), "takes more from its stack");
  refused(parsing(PickleWriter().integer(3).finished()), "holds no dict");
  refused(parsing(PickleWriter().op('}').text("epoch").integer(3).op('s').finished()),
          "holds \"epoch\", which is not a tensor");
  refused(parsing(PickleWriter().op('}').integer(3).integer(3).op('s').finished()),
          "where a tensor's name is expected");
  PickleWriter nested;
  nested.op('}').text("state_dict").op('}').text("a").tensor("FloatStorage", "0", 1, {{1}, {1}}).op('s').op('s');
  refused(parsing(nested.finished()), "holds \"state_dict\", which is not a tensor");
  PickleWriter twice;
  for (int i = 0; i < 2; ++i) {
    if (i == 0) twice.op('}');
    twice.text("a").tensor("FloatStorage", "0", 1, {{1}, {1}}).op('s');
  }
  refused(parsing(twice.finished()), "holds \"a\" twice");
}

TEST_CASE("pickle: a stack machine that is misused is refused") {
  refused(parsing(PickleWriter().op('t').finished()), "no mark");
  refused(parsing(PickleWriter().op('\x85').finished()), "takes more from its stack");
  refused(parsing(PickleWriter().integer(1).op('(').op('\x85').finished()), "takes more from its stack");
  refused(parsing(PickleWriter().integer(1).op('(').raw("q\x01").finished()), "stores a value where there is none");
  refused(parsing(PickleWriter().raw("h\x01").finished()), "recalls a value");
  refused(parsing(PickleWriter().op('}').op('(').integer(1).op('u').finished()), "a key without a value");
  refused(parsing(PickleWriter().integer(1).integer(1).op('a').finished()), "where a list is expected");
  refused(parsing(PickleWriter().integer(1).op('b').finished()), "takes more from its stack");
  refused(parsing(PickleWriter().integer(1).op('Q').finished()), "where a storage's tuple is expected");
  refused(parsing(PickleWriter().op(')').op('Q').finished()), "is not a storage");
  refused(parsing(PickleWriter().raw("ctorch\nFloatStorage").finished()), "ends in the middle of a name");
  refused(parsing(PickleWriter().raw("\x8a\x09 12345678").finished()), "an integer that no tensor needs");
  refused(parsing(PickleWriter().raw(std::string("X\xff\xff\xff\xff", 5)).finished()), "in the middle of an opcode");
  refused(parsing(PickleWriter().storage("FloatStorage", std::string(65, '0'), 1).finished()), "a name of 65 bytes");
  const std::vector<std::int64_t> many(17, 1);
  refused(parsing(PickleWriter().tensor("FloatStorage", "0", 1, {many, many}).finished()), "too many dimensions");
}

TEST_CASE("pickle: objects that hold one another, and deep nesting, cost nothing but their bytes") {
  // x = []; x.append(x) a hundred thousand times, then x inside as many tuples.
  PickleWriter pickle;
  pickle.op(']').raw("q\x01");
  for (int i = 0; i < 100000; ++i) pickle.raw("h\x01").op('a');
  for (int i = 0; i < 100000; ++i) pickle.op('\x85');
  refused(parsing(pickle.finished()), "holds no dict");
}

TEST_CASE("pickle: no truncation and no flipped byte does worse than a refusal") {
  const std::string good = realistic().finished();
  REQUIRE(parsing(good) == "ok");
  for (std::size_t length = 0; length < good.size(); ++length) {
    CAPTURE(length);
    CHECK(parsing(good.substr(0, length)).starts_with("MODEL_INVALID: "));
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      const std::string result = parsing(bad);
      if (result == "ok" || result.starts_with("MODEL_INVALID: ")) continue;
      CAPTURE(i);
      CAPTURE(flip);
      FAIL_CHECK(result);
    }
  }
}
